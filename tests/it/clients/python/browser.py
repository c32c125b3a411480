"""A person at a browser without scripts: what the journeys of this folder share."""

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests


class Forms(HTMLParser):
    """The forms of a page: their address, fields and buttons."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.found.append({"action": attributes["action"], "fields": {}, "buttons": set()})
        elif tag == "input" and self.found:
            self.found[-1]["fields"][attributes["name"]] = attributes.get("value", "")
        elif tag == "button" and self.found:
            self.found[-1]["buttons"].add((attributes.get("name"), attributes.get("value")))


def sign_in(address, username, password, browser=None):
    """What a person does in a browser, by default a new one. Returns the address at the application, and the pages that
    were filled in."""
    browser = browser or requests.Session()
    pages = []
    answer = browser.get(address, allow_redirects=False)
    while len(pages) < 5:
        while answer.is_redirect:
            target = urljoin(answer.url, answer.headers["Location"])
            if urlsplit(target).netloc != urlsplit(address).netloc:
                return target, pages
            answer = browser.get(target, allow_redirects=False)
        assert answer.status_code == 200, (answer.status_code, answer.url, answer.text)
        [form] = Forms(answer.text).found
        fields = form["fields"]
        if "password" in fields:
            pages.append("sign-in")
            fields.update(username=username, password=password)
        else:
            pages.append("consent")
            assert ("decision", "allow") in form["buttons"], form
            fields["decision"] = "allow"
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(answer.url))
        answer = browser.post(
            urljoin(answer.url, form["action"]), fields, headers={"Origin": origin}, allow_redirects=False
        )
    raise AssertionError(f"no end of pages: {pages}")
