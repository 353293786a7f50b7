"""Proof of who sent a request: verify() checks it, sign() makes it, both from one recipe.

What a sender chooses is only bytes: algorithm, encoding and places are the recipe's. No body is parsed, unless the
recipe has a place inside it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from bridge.errors import ConfigurationError, NotVerified, Refused
from bridge.model import Request, Verified
from bridge.providers import asymmetric, jwt
from bridge.providers.candidates import Fields, candidates
from bridge.providers.encodings import ENCODE
from bridge.providers.lookalikes import looks_like
from bridge.providers.placing import put, put_each
from bridge.providers.recipe import Provider, Recipe, sources
from bridge.providers.schemes import SCHEMES, key_of
from bridge.providers.source import Absent, Unreadable
from bridge.providers.times import epoch_ms, milliseconds, stamp
from bridge.providers.view import View, path_token
from bridge.secret import Secret
from bridge.strict.paths import elements

MAX_SECRETS = 16
_SLACK = 300  # seconds that clocks may be apart, where a recipe says nothing of time
MAX_ITEMS = 1_000  # of a batch whose elements each carry a proof


def verify(
    provider: Provider,
    request: Request,
    secrets: Sequence[Secret],
    *,
    now: datetime,
    public_url: str | None,
    fetched: Mapping[int, Sequence[Secret]] | None = None,
) -> Verified:
    """The request with the position of the secret that it was signed with.

    `fetched` are the published keys that were asked for, by the position of their recipe; without any of them a recipe
    goes by the source's secrets. Raises NotVerified for anything a sender can do, ConfigurationError for what only the
    operator can mend.
    """
    _recipe(provider)
    refused: NotVerified | None = None
    for position, recipe in enumerate(provider.recipes):
        try:
            keys = _secrets(recipe, secrets, (fetched or {}).get(position))
            return _verified(recipe, request, keys, now, public_url)
        except NotVerified as error:
            refused = refused or error
    assert refused
    raise refused


def _secrets(
    recipe: Recipe, secrets: Sequence[Secret], fetched: Sequence[Secret] | None
) -> Sequence[Secret]:
    """What may have signed. Raises NotVerified where the sender publishes no such key."""
    first, last = recipe.span or (0, len(secrets))
    own = secrets[first:last]
    if recipe.keys and not own and not fetched:
        raise NotVerified("there is no such key", reason="unknown_key")
    return own or (fetched or ())[:MAX_SECRETS]


def _verified(
    recipe: Recipe,
    request: Request,
    secrets: Sequence[Secret],
    now: datetime,
    public_url: str | None,
) -> Verified:
    first, _ = recipe.span or (0, 0)
    keys = _keys(recipe, secrets)
    view = _view(recipe, request, public_url)
    try:
        _check_path(recipe, request)
        matched = [_prove(recipe, one, keys, now) for one in _each(recipe, view)]
    except Unreadable as error:
        raise NotVerified(str(error), reason=error.reason) from None
    except Refused as error:
        message = f"the proof cannot be read: {error}"
        raise NotVerified(message, reason="unreadable_body") from None
    return Verified(request=request, secret=first + max(matched))


def reads_unproven(provider: Provider) -> bool:
    """Whether a body must be read to find what proves it."""
    for one in provider.recipes:
        times = one.timestamp.source if one.timestamp else ()
        keys = (*one.keys.place, *one.keys.id) if one.keys else ()
        places = (*one.place, *sources(one.signed), *times, *keys)
        if one.items or any(place.kind in ("body", "item") for place in places):
            return True
    return False


def check_secret(provider: Provider, secret: Secret) -> None:
    """Raises ConfigurationError for a secret that none of the provider's recipes could use."""
    wrong: ConfigurationError | None = None
    for recipe in provider.recipes:
        try:
            key = key_of(recipe, secret)
            if recipe.by_public_key:
                asymmetric.require(recipe.algorithm, key)
            return
        except ConfigurationError as error:
            wrong = wrong or error
    if wrong:
        odd = odd_secret(provider, secret)
        raise ConfigurationError(odd) if odd else wrong


def odd_secret(provider: Provider, secret: Secret) -> str:
    """What a secret that could be used seems to be instead, with what to do; "" where a recipe may mean it."""
    odd = [looks_like(recipe, secret) for recipe in provider.recipes]
    return f"a secret of this source {odd[0]}" if odd and all(odd) else ""


def trust(request: Request) -> Verified:
    """A recording, or a request that was verified before it was stored: its signature is stale, and not looked at."""
    return Verified(request=request, secret=None)


def sign(
    provider: Provider,
    request: Request,
    secret: Secret,
    *,
    now: datetime,
    public_url: str | None,
) -> Request:
    """The request with its proof and timestamp made anew, as the sender would make them.

    Raises ConfigurationError when a part that is signed is not in the request.
    """
    recipe = _recipe(provider)
    (key,) = _keys(recipe, [secret])
    try:
        request, fields = _stamped(recipe, request, now)
        view = _view(recipe, request, public_url)
        proofs = [
            _written(recipe, fields, SCHEMES[recipe.scheme].proof(recipe, one, key))
            for one in (each.about(each.item, fields) for each in _each(recipe, view))
        ]
        if recipe.items:
            return put_each(request, recipe.items, recipe.place[0], proofs)
        return put(request, recipe.place, proofs[0])
    except (Unreadable, Refused) as error:
        raise ConfigurationError(
            f"a {provider.name} request cannot be signed: {error}"
        ) from None


def _recipe(provider: Provider) -> Recipe:
    if provider.recipe is None:
        raise ConfigurationError(
            f"provider '{provider.name}' does not know how its senders sign: write `verify: {{scheme: …}}`"
        )
    return provider.recipe


def _keys(recipe: Recipe, secrets: Sequence[Secret]) -> list[bytes]:
    if not 1 <= len(secrets) <= MAX_SECRETS:
        raise ConfigurationError(
            f"a source takes 1 to {MAX_SECRETS} secrets, this one has {len(secrets)}"
        )
    return [key_of(recipe, secret) for secret in secrets]


def _view(recipe: Recipe, request: Request, public_url: str | None) -> View:
    url = _url(recipe, request, public_url)
    return View(request, url=url, account=recipe.account or None, exact=True)


def _each(recipe: Recipe, view: View) -> list[View]:
    """What carries a proof: the request, or each element of its batch, none of which may lack one."""
    if recipe.items is None:
        return [view]
    items = elements(view.body, recipe.items.path)
    if not items:
        raise Absent(recipe.items)
    if len(items) > MAX_ITEMS:
        raise Unreadable(f"over {MAX_ITEMS} elements", "batch_size")
    return [view.about(item, ()) for item in items]


def _check_path(recipe: Recipe, request: Request) -> None:
    """A token that nobody asked for would be kept as part of the URL."""
    asked = any(source.kind == "path" for source in recipe.place)
    if not asked and path_token(request.target) is not None:
        raise Unreadable("the path ends in a token", "unexpected_token")


def _prove(recipe: Recipe, view: View, keys: Sequence[bytes], now: datetime) -> int:
    """The position of the key that made one of the proofs; their time is right as well."""
    fields, found = candidates(recipe, view)
    view = view.about(view.item, fields)
    accepts = SCHEMES[recipe.scheme].accepts
    for one in _readings(view):
        for position, key in enumerate(keys):
            if accepts(recipe, one, key, found):
                _check_age(recipe, one, now)
                return position
    raise Unreadable("the signature matches no secret", "wrong_signature")


def _readings(view: View) -> Iterator[View]:
    """The request as it came; and, packed, as it was before: senders sign before they pack, or after."""
    yield view
    if view.request.values("content-encoding"):
        yield view.unpacked()


def _url(recipe: Recipe, request: Request, public_url: str | None) -> str | None:
    """The URL as the sender wrote it, which no part of the request can be trusted to tell."""
    if not any(source.kind == "url" for source in sources(recipe.signed)):
        return None
    if not public_url:
        raise ConfigurationError(
            "this source's signatures cover the URL: set BRIDGE_PUBLIC_URL"
        )
    url = _with_port(public_url.rstrip("/"), recipe.url_port) + request.target
    for character in recipe.url_decode:
        escape = quote(character, safe="")
        url = url.replace(escape, character).replace(escape.lower(), character)
    return url


def _with_port(url: str, how: str) -> str:
    """The address with or without its scheme's usual port."""
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    port = {"https": ":443", "http": ":80"}.get(scheme, "")
    if how == "without":
        host = host.removesuffix(port)
    elif how == "with" and ":" not in host.rpartition("]")[2]:
        host += port
    return f"{scheme}{mark}{host}{slash}{path}"


def _stamped(recipe: Recipe, request: Request, now: datetime) -> tuple[Request, Fields]:
    """The request and the fields of its signature with a new timestamp; one inside the body is left as it is."""
    if recipe.timestamp is None:
        return request, []
    source, text = recipe.timestamp.source, stamp(now, recipe.timestamp.unit)
    if source[0].kind == "field":
        return request, [(source[0].name, text)]
    if source[0].kind == "body":
        return request, []
    return put(request, source, text), []


def _written(recipe: Recipe, fields: Fields, proof: bytes) -> str:
    """The proof as it stands in its place; only headers are written as latin-1."""
    text = recipe.prefix + ENCODE[recipe.encoding](proof) + recipe.suffix
    if recipe.field:
        name = recipe.account if recipe.field == "*" else recipe.field
        pairs = [*fields, (name, text)]
        text = recipe.split.join(f"{key}{recipe.assign}{one}" for key, one in pairs)
    if recipe.place[0].kind == "header":
        return text
    return text.encode("latin-1").decode("utf-8")


def _check_age(recipe: Recipe, view: View, now: datetime) -> None:
    """After the signature, so that an operator who reads `stale` knows that the sender is the right one."""
    if recipe.scheme == "jwt":
        jwt.check_dates(
            view,
            now,
            _SLACK if recipe.timestamp is None else recipe.timestamp.tolerance,
        )
    if recipe.timestamp is None:
        return
    text = view.octets(recipe.timestamp.source).decode("latin-1")
    age = epoch_ms(now) - milliseconds(text, recipe.timestamp.unit)
    if abs(age) > recipe.timestamp.tolerance * 1_000:
        raise Unreadable("it was signed too long ago, or in the future", "stale")
