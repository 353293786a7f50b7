"""The frame of every page: pauses and audit in a browser, errors, the theme, and who may do what."""

from browsing import check_page


def test_pauses_are_shown_made_and_ended(console):
    """The page shows who paused what and why; an operator pauses and resumes, a viewer gets the command instead."""
    for page in console.looks("/pauses"):
        assert (
            "the vendor has a maintenance window" in page.locator("main").inner_text()
        )
    with console.page("/pauses", role="operator") as page:
        page.get_by_label("Source").fill("strpe")
        page.get_by_role("button", name="Pause", exact=True).click()
        assert "did you mean 'stripe'" in page.locator(".note").inner_text()
        page.get_by_label("Source").fill("stripe")
        page.get_by_label("Reason").last.fill("a test")
        page.get_by_role("button", name="Pause", exact=True).click()
        row = page.locator("tr", has_text="source stripe")
        assert "a test" in row.inner_text()
        row.locator("summary").click()
        row.get_by_label("Reason (optional)").fill("well again")
        row.get_by_role("button", name="Resume").click()
        assert "source stripe resumed" in page.locator("main").inner_text()
        assert page.locator("tr", has_text="source stripe").count() == 0
    with console.page("/pauses", role="viewer") as page:
        assert page.get_by_role("button", name="Pause").count() == 0
        assert (
            "bridge resume --rule failed-adds-comment"
            in page.locator("main").inner_text()
        )
    for page in console.looks("/audit"):
        text = page.locator("main").inner_text()
        assert "well again" in text and "operator" in text


def test_errors_keep_the_frame(console):
    """A page that does not exist says so inside the frame, with a way on."""
    for page in console.looks("/nothing/here", problems=("404",)):
        assert page.locator("nav[aria-label=Main]").count() == 1
        assert page.get_by_role("heading", name="There is no such page").is_visible()


def test_the_favicon_counts_dead_letters(console):
    """The tab's icon has the number of dead letters, also after a poll."""
    with console.page("/pauses") as page:
        assert page.locator("#favicon").get_attribute("href").endswith("dead=3")
        icon = page.request.get(console.url + "/console/favicon.svg?dead=3").text()
        assert ">3</text>" in icon
        many = page.request.get(
            console.url + "/console/favicon.svg?dead=" + "9" * 30
        ).text()
        assert ">99+</text>" in many


def test_a_theme_form_leads_nowhere_else(console):
    """Whatever a form names as the next page, the browser stays in this console."""
    with console.page("/pauses") as page:
        csrf = page.locator("meta[name=csrf-token]").get_attribute("content")
        for target in (
            "//evil.example",
            "https://evil.example/",
            "/console//evil.example",
            "/console/\\evil",
        ):
            answer = page.request.post(
                console.url + "/console/theme",
                form={"csrf_token": csrf, "theme": "system", "next": target},
                headers={"Origin": console.url},
                max_redirects=0,
            )
            assert answer.status == 303
            assert answer.headers["location"] == "/console/"


def test_files_are_kept_for_ever_and_pages_never(console):
    """A file's address changes with its content, so browsers keep it; a wrong hash or a path outside is not found."""
    with console.page("/pauses") as page:
        path = page.locator("link[rel=stylesheet]").first.get_attribute("href")
        answer = page.request.get(console.url + path)
        assert "immutable" in answer.headers["cache-control"]
        assert (
            page.request.get(console.url + path.replace("/static/", "/static/0")).status
            == 404
        )
        digest = path.split("/")[3]
        for other in ("..%2f__init__.py", "vendor/manifest.json", "%2e%2e/session.py"):
            assert (
                page.request.get(
                    f"{console.url}/console/static/{digest}/{other}"
                ).status
                == 404
            )
        assert (
            "no-store"
            in page.request.get(console.url + "/console/pauses").headers[
                "cache-control"
            ]
        )
        check_page(page, problems=())
