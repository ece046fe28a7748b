"""Slips of the pen in nginx/, each of which one of the checks finds."""

from typing import Final

from tests.deploy.breakages import Breakage
from tests.deploy.nginx import checks

_API: Final = "nginx/snippets/api.conf"
_LIMITS: Final = "nginx/conf.d/limits.conf"
_PROXY: Final = "nginx/conf.d/proxy.conf"
_UPLOAD: Final = "nginx/snippets/upload.conf"
_STREAM: Final = "nginx/snippets/stream.conf"
_FORWARDED: Final = "nginx/snippets/forwarded.conf"
_REFUSED: Final = "nginx/snippets/refused.conf"

BREAKAGES: Final = (
    Breakage("metrics are open", _REFUSED, "metrics|", "", checks.check_insiders),
    Breakage("docs are open", _REFUSED, "(/|$)", "$", checks.check_insiders),
    Breakage("flower is open", _REFUSED, "return 404", "proxy_pass http://$flower", checks.check_insiders),
    Breakage(
        "insiders may come from anywhere",
        "nginx/snippets/insiders_only.conf",
        "10.0.0.0/8",
        "0.0.0.0/0",
        checks.check_insiders,
    ),
    Breakage(
        "the page uses up what its visitor may ask",
        "nginx/snippets/page.conf",
        "zone=page burst=100",
        "zone=status burst=100",
        checks.check_page,
    ),
    Breakage("the page is not compressed", _PROXY, "text/css ", "", checks.check_page),
    Breakage("too many is 503", _LIMITS, "limit_req_status 429;\n", "", checks.check_limits),
    Breakage(
        "counted by what the client says",
        _LIMITS,
        "map $binary_remote_addr",
        "map $http_x_forwarded_for",
        checks.check_limits,
    ),
    Breakage("two hundred a second", _LIMITS, "rate=20r/s", "rate=200r/s", checks.check_limits),
    Breakage(
        "probes are counted",
        _API,
        "location ^~ /health {\n",
        "location ^~ /health {\n    include snippets/ask.conf;\n",
        checks.check_limits,
    ),
    Breakage("events wait for one another", _STREAM, "proxy_buffering off", "proxy_buffering on", checks.check_streams),
    Breakage("streams are cut off", _STREAM, "660s", "60s", checks.check_streams),
    Breakage("openai calls are cut off", _API, "proxy_read_timeout 660s", "send_timeout 660s", checks.check_streams),
    Breakage("events are compressed", _PROXY, "text/vtt", "text/vtt text/event-stream", checks.check_streams),
    Breakage("uploads are spooled twice", _UPLOAD, "proxy_request_buffering off;\n", "", checks.check_uploads),
    Breakage("smaller than the api allows", _UPLOAD, "101m", "100m", checks.check_uploads),
    Breakage("stalled uploads end without a word", _UPLOAD, "timeout 30s", "timeout 15s", checks.check_uploads),
    Breakage("any number of uploads", _API, "    limit_conn uploads 20;\n", "", checks.check_uploads),
    Breakage(
        "slow heads", _LIMITS, "client_header_timeout 10s", "client_header_timeout 10m", checks.check_clients_are_slow
    ),
    Breakage(
        "a forwarded address is added to", _FORWARDED, "$remote_addr", "$proxy_add_x_forwarded_for", checks.check_told
    ),
    Breakage("forwarded goes through", _FORWARDED, 'proxy_set_header Forwarded "";\n', "", checks.check_told),
    Breakage(
        "a location forgets all of it",
        _API,
        "    set $is_link 1;\n",
        "    set $is_link 1;\n    proxy_set_header X-Link 1;\n",
        checks.check_told,
    ),
    Breakage(
        "submissions are sent twice", _PROXY, "error timeout;", "error timeout non_idempotent;", checks.check_retries
    ),
    Breakage("deletions are sent twice", _API, "    proxy_next_upstream off;\n", "", checks.check_retries),
    Breakage(
        "polls are lost", _PROXY, "proxy_next_upstream error timeout;", "proxy_next_upstream off;", checks.check_retries
    ),
    Breakage("dns is believed for long", "nginx/conf.d/place.conf", " valid=5s", "", checks.check_retries),
    Breakage(
        "addresses for ever", "nginx/snippets/to_api.conf", "http://$api", "http://api:8000", checks.check_retries
    ),
    Breakage("the version is told", "nginx/nginx.conf", "server_tokens off", "server_tokens on", checks.check_discreet),
    Breakage(
        "queries are logged",
        "nginx/conf.d/logs.conf",
        '"path":"$logged_path"',
        '"path":"$request_uri"',
        checks.check_discreet,
    ),
    Breakage("links are logged", _API, "    set $is_link 1;\n", "", checks.check_discreet),
    Breakage(
        "results for everybody",
        _PROXY,
        "proxy_buffers 16 8k;",
        "proxy_buffers 16 8k;\nproxy_cache all;",
        checks.check_nothing_is_kept,
    ),
    Breakage(
        "a page without a status",
        "nginx/snippets/problem_pages.conf",
        '"status":$status,',
        "",
        checks.check_problems,
    ),
    Breakage("a page that nginx made", "nginx/snippets/problem_pages.conf", " 429 ", " ", checks.check_problems),
    Breakage(
        "a location for nothing",
        _API,
        "location = /usage {",
        "location = /costs {",
        checks.check_every_location_has_a_route,
    ),
    Breakage("a route without a location", _API, "(peaks|webhooks)", "(webhooks)", checks.check_every_route_has_a_home),
    Breakage("old tls", "nginx/snippets/tls.conf", "TLSv1.2 TLSv1.3", "TLSv1 TLSv1.2 TLSv1.3", checks.check_tls),
    Breakage(
        "no hsts", "nginx/snippets/problem_headers.conf", "Strict-Transport-Security", "X-Nothing", checks.check_tls
    ),
)
