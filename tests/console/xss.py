"""Texts that would run, restyle or leave the page if a page took them for markup. Each is tried in every field.

`FIELDS` puts them where a payload can reach. `ran(page)` tells whether any of them did anything.
"""

STRINGS = (
    "<script>window.xss=1</script>",
    "</script><script>window.xss=1</script>",
    "</title><script>window.xss=1</script>",
    "</textarea><script>window.xss=1</script>",
    "</pre></code><script>window.xss=1</script>",
    "<img src=x onerror=window.xss=1>",
    "<img/src/onerror=window.xss=1>",
    "<svg onload=window.xss=1>",
    "<svg><script>window.xss=1</script></svg>",
    "<svg><animate onbegin=window.xss=1 attributeName=x dur=1s>",
    "<body onload=window.xss=1>",
    "<details open ontoggle=window.xss=1>x</details>",
    "<input autofocus onfocus=window.xss=1>",
    "<iframe srcdoc='<script>parent.xss=1</script>'></iframe>",
    "<iframe src=javascript:parent.xss=1>",
    "<a href=javascript:window.xss=1 id=xss-link>x</a>",
    "<form action=javascript:window.xss=1><button id=xss-button>x</button></form>",
    "<object data=javascript:window.xss=1>",
    "<embed src=data:text/html,<script>parent.xss=1</script>>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>body{display:none}</style>",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.xss=1>",
    "<template><script>window.xss=1</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=window.xss=1>'>",
    '" onmouseover=window.xss=1 x="',
    "' onmouseover=window.xss=1 x='",
    '" autofocus onfocus=window.xss=1 x="',
    "` onmouseover=window.xss=1 `",
    '"><script>window.xss=1</script>',
    "'><script>window.xss=1</script>",
    "--><script>window.xss=1</script>",
    "]]><script>window.xss=1</script>",
    "javascript:window.xss=1",
    "{{ 7*7 }}{% raw %}{{ config }}",
    "${7*7}#{7*7}",
    "<b hx-get=/console/sign-out hx-trigger=load>x</b>",
    "<b hx-on:click=window.xss=1 hx-on::load=window.xss=1>x</b>",
    "<b data-hx-get=/x data-hx-trigger=load>x</b>",
    "\u202e<script>window.xss=1</script>\u2066",
    "\x1b[2J\x07<script>window.xss=1</script>",
    "&lt;script&gt;window.xss=1&lt;/script&gt;",
    "%3Cscript%3Ewindow.xss=1%3C/script%3E",
)

# What only markup of theirs could have put into the page.
_MADE = (
    "#xss-link, #xss-button, main script, main iframe, main object, main embed, main base, main meta, main link,"
    " main style, main img, main math, main noscript, main b[hx-get], main b[data-hx-get],"
    " main [onerror], main [onload], main [onfocus], main [onmouseover], main [ontoggle], main [onbegin]"
)


def ran(page):
    """What came alive: names of elements, or the mark that a script leaves. Nothing, if all is well."""
    found = page.eval_on_selector_all(_MADE, "all => all.map(one => one.outerHTML)")
    return found + (["a script ran"] if page.evaluate("window.xss") else [])
