"""An OpenID Connect issuer as a client of it sees it: discovery, the token endpoint, and the id token.

OpenID Connect Core 1.0 §3.1, Discovery 1.0. Signatures are checked by joserfc, which this module alone imports.
"""

import json
import os
import time
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from switchyard.aws.clients import make_client
from switchyard.domain.oidc import SignInRefused
from switchyard.pipeline import receivers

#: Signatures that are taken: asymmetric ones alone, so that no public key is ever a shared secret, and never `none`.
ALGORITHMS = ["RS256", "ES256", "PS256"]
#: Bytes of a document of the issuer's; seconds that a container trusts one, and that clocks may differ.
DOCUMENT_MAX, CACHE_SECONDS, LEEWAY = 262_144, 3_600, 60
_cache: dict[str, tuple[float, Any]] = {}


class Provider(NamedTuple):
    """The operator's settings. `secret_arn` names the client's secret in Secrets Manager; empty for a public client.

    All that is asked of the issuer is over by `until` (time.monotonic); SignInRefused with the code `slow` says so.
    """

    issuer: str
    client_id: str
    secret_arn: str
    until: float

    @classmethod
    def from_environment(cls, until: float) -> "Provider | None":
        """Return the issuer of OIDC_ISSUER, None when there is none."""
        issuer = os.environ.get("OIDC_ISSUER", "")
        if not issuer:
            return None
        return cls(issuer, os.environ["OIDC_CLIENT_ID"], os.environ.get("OIDC_SECRET_ARN", ""), until)

    def discovered(self) -> Mapping[str, Any]:
        """Return the issuer's metadata; raises SignInRefused when it cannot be had or is another one's."""
        found = self._document(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.issuer:
            raise SignInRefused("issuer", "The issuer's metadata name another issuer.")
        return found

    def endpoint(self, name: str) -> str:
        """Return one of the issuer's addresses; raises SignInRefused."""
        found = self.discovered().get(name)
        if not isinstance(found, str):
            raise SignInRefused("issuer", f"The issuer's metadata have no {name}.")
        return found

    def redeem(self, code: str, verifier: str, redirect_uri: str) -> str:
        """Return the id token that a code gets; raises SignInRefused."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self.client_id,
            "code_verifier": verifier,
        }
        if self.secret_arn:
            # Before anything is asked of the issuer: this call takes no more than the client's own time-outs.
            form["client_secret"] = _secret(self.secret_arn)
        sent = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        endpoint = self.endpoint("token_endpoint")
        try:
            receivers.check_url(endpoint)
            status, _, body = receivers.post_for(endpoint, sent, urlencode(form), DOCUMENT_MAX, self.until)
        except (receivers.BadUrl, receivers.Unreachable) as error:
            raise self._failed(f"The issuer's token endpoint: {error}") from None
        answer = _json(body)
        if status != 200 or not isinstance(answer.get("id_token"), str):
            raise SignInRefused("issuer", f"The issuer refused the code: {status} {str(answer.get('error'))[:80]}")
        return str(answer["id_token"])

    def claims(self, id_token: str, nonce: str) -> Mapping[str, Any]:
        """Return what a valid id token says (Core §3.1.3.7); raises SignInRefused."""
        # Imported here: it loads cryptography, which only who comes back from the issuer needs.
        from joserfc import jwt
        from joserfc.errors import JoseError

        try:
            token = self._verified(id_token)
            rules = jwt.JWTClaimsRegistry(
                leeway=LEEWAY,
                iss={"essential": True, "value": self.issuer},
                aud={"essential": True, "value": self.client_id},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": nonce},
            )
            rules.validate(token.claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise SignInRefused("id_token", f"The id token: {type(error).__name__} {error}"[:300]) from None
        audience = token.claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and token.claims.get("azp") != self.client_id:
            raise SignInRefused("id_token", "The id token was made for several clients, and for another one first.")
        return dict(token.claims)

    def _verified(self, id_token: str) -> Any:
        """Return a token whose signature is one of the issuer's; keys that are not known are asked for anew, once."""
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError
        from joserfc.jwk import KeySet

        uri = self.endpoint("jwks_uri")
        try:
            return jwt.decode(id_token, KeySet.import_key_set(self._document(uri)), algorithms=ALGORITHMS)  # type: ignore[arg-type]
        except InvalidKeyIdError:
            keys = KeySet.import_key_set(self._document(uri, anew=True))  # type: ignore[arg-type]
            return jwt.decode(id_token, keys, algorithms=ALGORITHMS)

    def _document(self, url: str, anew: bool = False) -> Mapping[str, Any]:
        known = _cache.get(url)
        # Whoever sends tokens with made-up keys does not make this server ask again and again.
        if known and known[0] > time.monotonic() + (CACHE_SECONDS - 60 if anew else 0):
            return dict(known[1])
        try:
            receivers.check_url(url)
            status, _, body = receivers.get(url, {"accept": "application/json"}, DOCUMENT_MAX, self.until)
        except (receivers.BadUrl, receivers.Unreachable) as error:
            raise self._failed(f"The issuer: {error}") from None
        if status != 200:
            raise SignInRefused("issuer", f"The issuer answered {status}.")
        found = _json(body)
        _cache[url] = (time.monotonic() + CACHE_SECONDS, found)
        return found

    def _failed(self, detail: str) -> SignInRefused:
        """Return what a call that got no answer means: that the issuer cannot be had, or that no time was left."""
        return SignInRefused("slow" if time.monotonic() >= self.until else "issuer", detail)


@cache
def _secret(arn: str) -> str:
    """Read the client's secret, once for each container.

    At run time, as AWS advises: in an environment variable whoever may read the function's settings would see it
    (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html).
    """
    found: str = make_client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    return found


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        raise SignInRefused("issuer", "The issuer's answer is no JSON.") from None
    if not isinstance(found, dict):
        raise SignInRefused("issuer", "The issuer's answer is no object.")
    return found
