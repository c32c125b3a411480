"""A Django application with mozilla-django-oidc: signs a person in, shows who it is, and signs out on both sides.

Reads its task as JSON from standard input and prints what the person saw. Fails with a traceback.
"""

import json
import socketserver
import sys
import tempfile
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
import requests
from browser import sign_in
from django.conf import settings
from django.http import HttpResponse
from django.urls import include, path

TASK = json.load(sys.stdin)
METADATA = requests.get(TASK["issuer"] + "/.well-known/openid-configuration").json()
HOME = f"http://127.0.0.1:{TASK['port']}"


def home(request):
    """The one page of the application."""
    return HttpResponse(request.user.email if request.user.is_authenticated else "nobody")


def leave(request):
    """Where the server signs the person out (OpenID Connect RP-Initiated Logout §2)."""
    hint = {"id_token_hint": request.session["oidc_id_token"], "post_logout_redirect_uri": HOME + "/"}
    return METADATA["end_session_endpoint"] + "?" + urlencode(hint)


# Filled once there are settings, which the library's module of the same name reads.
urlpatterns = []


class Server(socketserver.ThreadingMixIn, WSGIServer):
    """One thread for each request."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_message(self, *_):
        pass


def configure(folder):
    settings.configure(
        SECRET_KEY="only-for-this-test",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(Path(folder, "app.db"))}},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
                        "mozilla_django_oidc"],
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
                    "django.contrib.auth.middleware.AuthenticationMiddleware"],
        AUTHENTICATION_BACKENDS=["mozilla_django_oidc.auth.OIDCAuthenticationBackend"],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        LOGIN_REDIRECT_URL="/",
        LOGOUT_REDIRECT_URL="/",
        # What goes wrong in a page is then in what this script writes.
        DEBUG_PROPAGATE_EXCEPTIONS=True,
        OIDC_RP_CLIENT_ID=TASK["client_id"],
        OIDC_RP_CLIENT_SECRET=TASK["secret"],
        OIDC_RP_SIGN_ALGO="ES256",
        OIDC_USE_PKCE=True,
        OIDC_STORE_ID_TOKEN=True,
        OIDC_OP_AUTHORIZATION_ENDPOINT=METADATA["authorization_endpoint"],
        OIDC_OP_TOKEN_ENDPOINT=METADATA["token_endpoint"],
        OIDC_OP_USER_ENDPOINT=METADATA["userinfo_endpoint"],
        OIDC_OP_JWKS_ENDPOINT=METADATA["jwks_uri"],
        OIDC_OP_LOGOUT_URL_METHOD=__name__ + ".leave",
    )
    django.setup()
    urlpatterns.extend([path("", home), path("oidc/", include("mozilla_django_oidc.urls"))])
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def main():
    from django.core.wsgi import get_wsgi_application

    server = make_server("127.0.0.1", TASK["port"], get_wsgi_application(), Server, Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    browser = requests.Session()
    assert browser.get(HOME).text == "nobody"
    start = browser.get(HOME + "/oidc/authenticate/", allow_redirects=False)
    answer, pages = sign_in(start.headers["Location"], TASK["username"], TASK["password"], browser)
    assert pages == ["sign-in", "consent"], pages
    seen = browser.get(answer)
    assert seen.url == HOME + "/", seen.url
    email = seen.text

    # A state that this browser was not given: Django refuses by itself.
    start = browser.get(HOME + "/oidc/authenticate/", allow_redirects=False)
    answer, pages = sign_in(start.headers["Location"], TASK["username"], TASK["password"], browser)
    assert pages == [], pages
    [state] = parse_qs(urlsplit(answer).query)["state"]
    tampered = browser.get(answer.replace(state, "tampered"))
    assert tampered.status_code == 400, tampered.text

    left = browser.post(HOME + "/oidc/logout/")
    assert (left.url, left.text) == (HOME + "/", "nobody"), (left.url, left.text)
    account = browser.get(TASK["issuer"] + "/account")
    assert account.url == TASK["issuer"] + "/login", account.url
    server.shutdown()
    return {"email": email}


if __name__ == "__main__":
    # Under this name as well, so that the settings can name its functions.
    sys.modules["django_app"] = sys.modules["__main__"]
    with tempfile.TemporaryDirectory() as folder:
        configure(folder)
        print(json.dumps(main()))
