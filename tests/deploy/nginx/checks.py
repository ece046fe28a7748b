"""What must be true of nginx/, as far as it can be told without starting it."""

import json
import re
from pathlib import Path
from typing import Final

from stenopool.settings import Settings
from tests.deploy.nginx.configuration import Configuration, Location
from tests.deploy.nginx.routes import INSIDERS, PAGE, Route, routes

CATCH_ALL: Final = "/"
OUR_OWN: Final = ("= /.problem", "= /.openai-problem", "= /.delete", "^~ /flower")
"""Locations that are no route of the API."""

STREAM_S: Final = 660
ANSWERED_BY_US: Final = ("400", "403", "404", "405", "408", "413", "414", "429", "431", "500", "502", "503", "504")
FROM_THE_CLIENT: Final = re.compile(
    r"\$(args|arg_|query_string|request\b|request_uri|uri|http_(?!user_agent|upgrade)|cookie_)"
)


def check_every_route_has_a_home(root: Path) -> list[str]:
    """No route of the API is left to the location for everything else, where neither limits nor time-outs fit it."""
    shipped = Configuration.read(root)
    faults = [
        f"{route.path} has no location of its own"
        for route in routes(root)
        if shipped.location(shipped.servers[0], route.example).name == CATCH_ALL
    ]
    return faults if len(routes(root)) > 25 else [*faults, "the documents name fewer routes than there are"]


def check_every_location_has_a_route(root: Path) -> list[str]:
    """Each location is for something that exists."""
    shipped = Configuration.read(root)
    paths = [route.example for route in routes(root)] + [*INSIDERS, *PAGE]
    return [
        f"nobody needs the location {location.name}"
        for location in shipped.all_locations
        if location.name not in (CATCH_ALL, *OUR_OWN) and not any(location.fits(path) for path in paths)
    ]


def check_insiders(root: Path) -> list[str]:
    """What is for insiders is refused at everybody's door without asking anybody, and bound to addresses at the other."""
    shipped = Configuration.read(root)
    public, inside = shipped.servers[0], shipped.servers[-1]
    faults = []
    for path in INSIDERS:
        refused, served = shipped.location(public, path), shipped.location(inside, path)
        if refused.is_proxied or refused.value("return") != "404":
            faults.append(f"{path} is open to everybody")
        if not served.is_proxied or served.values("deny") != [("all",)]:
            faults.append(f"{path} is not for insiders alone")
        allowed = {network for (network,) in served.values("allow")}
        faults += [f"{path} is open to {network}" for network in allowed if not _is_private(network)]
    listens = (root / "nginx/snippets/listen_insiders.conf").read_text("utf-8")
    return faults + ([] if re.search(r"^listen 8080;$", listens, re.MULTILINE) else ["insiders do not use port 8080"])


def check_page(root: Path) -> list[str]:
    """The page is everybody's, comes compressed, and its files use up nothing of what its visitor may ask."""
    shipped = Configuration.read(root)
    faults = []
    for path in PAGE:
        for server in shipped.servers:
            home = shipped.location(server, path)
            if not home.is_proxied or home.name == CATCH_ALL:
                faults.append(f"{path} has no location of its own")
            if [limit[0] for limit in home.values("limit_req")] != ["zone=page"]:
                faults.append(f"{path} is not counted by itself")
            if missing := {"text/css", "application/javascript", "text/javascript"} - set(
                home.value("gzip_types").split()
            ):
                faults.append(f"{path}: {', '.join(sorted(missing))} is not compressed")
    return faults


def check_streams(root: Path) -> list[str]:
    """Events are neither held back nor compressed nor cut off."""
    faults = []
    for route, location in _homes(root):
        if not route.is_stream:
            continue
        if location.value("proxy_buffering") != "off":
            faults.append(f"{route.path}: events wait for one another")
        if _seconds(location.value("proxy_read_timeout")) < STREAM_S:
            faults.append(f"{route.path}: a stream is cut off")
        if "text/event-stream" in location.value("gzip_types") or "*" in location.value("gzip_types"):
            faults.append(f"{route.path}: events are compressed")
    return faults


def check_uploads(root: Path) -> list[str]:
    """Recordings are passed on as they come, as large and as slowly as the settings allow, and as often as they may."""
    limit_mb = int(Settings.model_fields["max_file_size_mb"].default)
    window_s = float(Settings.model_fields["upload_window_s"].default)
    faults = []
    for route, location in _homes(root):
        if not route.takes_a_recording:
            continue
        if location.value("proxy_request_buffering") != "off":
            faults.append(f"{route.path}: uploads are put on a disk twice")
        if location.value("client_max_body_size") != f"{limit_mb + 1}m":
            faults.append(f"{route.path}: MAX_FILE_SIZE_MB is {limit_mb}, and a form needs a little more")
        if _seconds(location.value("client_body_timeout")) <= window_s:
            faults.append(f"{route.path}: a stalled upload ends before the API can say why")
        if "zone=submit" not in " ".join(" ".join(limit) for limit in location.values("limit_req")):
            faults.append(f"{route.path}: submissions are not counted")
        if not location.values("limit_conn"):
            faults.append(f"{route.path}: an address has any number of uploads at once")
    return faults


def check_limits(root: Path) -> list[str]:
    """20 a second by the connection's own address; 429; probes and events are not counted."""
    shipped = Configuration.read(root)
    zones = {zone.args[1].partition(":")[0].removeprefix("zone="): zone for zone in shipped.http.all("limit_req_zone")}
    faults = []
    for name, key in (("submit", "$submitter"), ("status", "$asker")):
        if name not in zones or (zones[name].args[0], zones[name].args[2]) != (key, "rate=20r/s"):
            faults.append(f"{name} is not counted at 20 a second by {key}")
    client = next(
        (found for found in shipped.http.all("map") if found.args == ("$binary_remote_addr", "$client")), None
    )
    if client is None or len(client.block) != 3:
        faults.append("clients are not told apart by the address of their connection, IPv6 by /64")
    faults += [
        f"{word} is not 429"
        for word in ("limit_req_status", "limit_conn_status")
        if [found.args for found in shipped.http.all(word)] != [("429",)]
    ]
    for route, location in _homes(root):
        counted = [limit[0] for limit in location.values("limit_req")]
        if (route.path.startswith("/health") or route.path.endswith("/events")) and counted:
            faults.append(f"{route.path} is counted")
        if route.path.startswith(("/status/", "/jobs/{job_id}")) and not route.is_stream and "media" not in route.path:
            faults += [] if counted else [f"{route.path} is not counted"]
    return faults


def check_clients_are_slow(root: Path) -> list[str]:
    """Heads, bodies and readers have little time; bodies that are no recording are small."""
    http = Location(Configuration.read(root).http, *[Configuration.read(root).http] * 2)
    faults = []
    for word, most_s in (("client_header_timeout", 10), ("client_body_timeout", 10), ("send_timeout", 60)):
        if not 0 < _seconds(http.value(word)) <= most_s:
            faults.append(f"{word} is not within {most_s} s")
    return faults + (
        [] if http.value("client_max_body_size") == "64k" else ["bodies are large where none are expected"]
    )


def check_told(root: Path) -> list[str]:
    """The API is told what nginx saw of the client, wherever it is asked."""
    wanted = {
        "Host": "$host",
        "X-Forwarded-For": "$remote_addr",
        "X-Real-IP": "$remote_addr",
        "X-Forwarded-Proto": "$scheme",
        "X-Forwarded-Host": "",
        "Forwarded": "",
        "X-Request-ID": "$asked_id",
    }
    faults = []
    for location in Configuration.read(root).all_locations:
        if not location.is_proxied:
            continue
        told = dict(pair for pair in location.values("proxy_set_header") if len(pair) == 2)
        faults += [
            f"{location.name}: {name} is {told.get(name, 'as the client says')}"
            for name, value in wanted.items()
            if told.get(name) != value
        ]
    return faults


def check_retries(root: Path) -> list[str]:
    """Nothing that changes anything is sent twice; what vanished is noticed fast and found anew by name."""
    faults = []
    for location in Configuration.read(root).all_locations:
        if not location.is_proxied:
            continue
        again = location.value("proxy_next_upstream").split()
        if "non_idempotent" in again:
            faults.append(f"{location.name}: submissions are sent twice")
        deletes = location.name == "= /.delete" or location.fits("/job/1")
        if deletes != (again == ["off"]) and location.name != CATCH_ALL:
            faults.append(f"{location.name}: {'deletions are' if deletes else 'a poll is not'} sent twice")
        if not 0 < _seconds(location.value("proxy_connect_timeout")) <= 3:
            faults.append(f"{location.name}: an address that is gone costs too long")
        if not location.value("proxy_pass").startswith(("http://$api", "http://$flower")):
            faults.append(f"{location.name}: the API's addresses are looked up once and for all")
    resolver = " ".join(" ".join(found.args) for found in Configuration.read(root).http.all("resolver"))
    valid = re.search(r"valid=(\d+)s", resolver)
    return faults + ([] if valid and int(valid[1]) <= 10 else ["addresses are believed as long as Docker says"])


def check_problems(root: Path) -> list[str]:
    """Everything that nginx itself refuses is a problem that can be read, in the words of the door that was asked."""
    shipped = Configuration.read(root)
    faults = []
    for location in shipped.all_locations:
        page = "/.openai-problem" if location.name.startswith("^~ /v1/") else "/.problem"
        told = {status for words in location.values("error_page") if words[-1] == page for status in words[:-1]}
        faults += [f"{location.name}: {status} is not a problem" for status in ANSWERED_BY_US if status not in told]
        if location.name in ("= /.problem", "= /.openai-problem"):
            faults += _faults_of_page(location)
    return faults


def _faults_of_page(location: Location) -> list[str]:
    wanted = {"type", "title", "status", "detail", "code", "hint", "instance", "request_id"}
    text = location.value("return").removeprefix("200 ")
    try:
        fields = json.loads(
            text.replace('"status":$status', '"status":1')
            .replace('"param":$', '"param":"$')
            .replace("_param,", '_param",')
        )
    except ValueError:
        return [f"{location.name} is no JSON"]
    faults = [f"{location.name} has no {name}" for name in wanted - set(fields)]
    if not location.own.all("internal"):
        faults.append(f"{location.name} can be asked for")
    return faults


def check_discreet(root: Path) -> list[str]:
    """Neither the version nor anything that opens a door is told: no query, no link, no key in a log."""
    shipped = Configuration.read(root)
    faults = []
    if [found.args for found in shipped.http.all("server_tokens")] != [("off",)]:
        faults.append("the version of nginx is told")
    formats = shipped.http.all("log_format")
    text = "".join("".join(found.args[1:]) for found in formats)
    if not formats or formats[0].args[1] != "escape=json":
        faults.append("the access log is not JSON")
    faults += [f"the access log has {found.group()}" for found in FROM_THE_CLIENT.finditer(text)]
    for server in shipped.servers:
        media = shipped.location(server, "/media/x")
        if media.values("set") != [("$is_link", "1")] or media.value("error_log") != "/dev/null emerg":
            faults.append("links to recordings are logged")
    return faults


def check_nothing_is_kept(root: Path) -> list[str]:
    """No answer is given to another client, and none is put on a disk."""
    words = {found.name for found in Configuration.read(root).main.walk()}
    faults = [f"{word} keeps answers" for word in ("proxy_cache", "proxy_store", "proxy_cache_path") if word in words]
    http = Configuration.read(root).http
    is_off = [found.args for found in http.all("proxy_max_temp_file_size")] == [("0",)]
    return faults + ([] if is_off else ["answers are put on a disk"])


def check_tls(root: Path) -> list[str]:
    """TLS 1.2 and newer, HTTP/2, everybody led to it, and browsers told to stay."""
    snippets = {path.name: path.read_text("utf-8") for path in (root / "nginx/snippets").iterdir()}
    faults = []
    if "ssl_protocols TLSv1.2 TLSv1.3;" not in snippets["tls.conf"]:
        faults.append("old versions of TLS are spoken")
    if "ssl http2" not in snippets["listen_tls.conf"]:
        faults.append("no HTTP/2")
    if "return 308 https://$host$request_uri;" not in snippets["server_https.conf"]:
        faults.append("nobody is led to https")
    return faults + [
        f"{name}: no HSTS"
        for name in ("conf.d/proxy.conf", "snippets/problem_headers.conf")
        if "add_header Strict-Transport-Security $hsts always;" not in (root / "nginx" / name).read_text("utf-8")
    ]


def _homes(root: Path) -> list[tuple[Route, Location]]:
    """Each public route with its location at everybody's door and at the insiders'."""
    shipped = Configuration.read(root)
    public = [route for route in routes(root) if route.path not in INSIDERS]
    return [(route, shipped.location(server, route.example)) for server in shipped.servers for route in public]


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+)([smh]?)", text)
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]] if found else 0


def _is_private(network: str) -> bool:
    return network in {"127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"}


CHECKS: Final = (
    check_every_route_has_a_home,
    check_every_location_has_a_route,
    check_insiders,
    check_page,
    check_streams,
    check_uploads,
    check_limits,
    check_clients_are_slow,
    check_told,
    check_retries,
    check_problems,
    check_discreet,
    check_nothing_is_kept,
    check_tls,
)
