"""What scripts/test --clients tries with the official Python client. See scripts/clients/recipes.ts."""
import base64
import json
import os
import ssl
import sys
import traceback

import websocket
from kubernetes import client, config, watch
from kubernetes.stream import portforward, stream

namespace = os.environ["CLIENT_NAMESPACE"]
config.load_kube_config()
core = client.CoreV1Api()
failed = False


def check(name, body):
    global failed
    try:
        body()
        print(f"ok {name}", flush=True)
    except Exception as error:  # every check is reported
        failed = True
        traceback.print_exc()
        print(f"not ok {name}: {error!r}", flush=True)


def expect(actual, wanted):
    if actual != wanted:
        raise AssertionError(f"{actual!r} instead of {wanted!r}")


def config_map(name):
    return {"metadata": {"name": name, "labels": {"of": "objects"}}, "data": {"key": "one"}}


def objects():
    for name in ("a", "b", "c"):
        core.create_namespaced_config_map(namespace, config_map(name))
    page = core.list_namespaced_config_map(namespace, label_selector="of=objects", limit=2)
    rest = core.list_namespaced_config_map(namespace, label_selector="of=objects", limit=2, _continue=page.metadata._continue)
    expect([item.metadata.name for item in page.items + rest.items], ["a", "b", "c"])
    patched = core.patch_namespaced_config_map("a", namespace, {"data": {"key": "two", "more": "three"}})
    expect(patched.data, {"key": "two", "more": "three"})
    operations = [{"op": "remove", "path": "/data/more"}]
    expect(core.patch_namespaced_config_map("a", namespace, operations).data, {"key": "two"})
    core.delete_collection_namespaced_config_map(namespace, label_selector="of=objects")
    try:
        core.read_namespaced_config_map("a", namespace)
    except client.ApiException as error:
        expect((error.status, json.loads(error.body)["reason"]), (404, "NotFound"))
    else:
        raise AssertionError("a deleted object is there")


def watching():
    since = core.list_namespaced_config_map(namespace).metadata.resource_version
    core.create_namespaced_config_map(namespace, config_map("watched"))
    core.patch_namespaced_config_map("watched", namespace, {"data": {"key": "two"}})
    core.delete_namespaced_config_map("watched", namespace)
    events = watch.Watch().stream(core.list_namespaced_config_map, namespace, resource_version=since, timeout_seconds=2)
    seen = [(event["type"], event["object"].data["key"]) for event in events]
    expect(seen, [("ADDED", "one"), ("MODIFIED", "two"), ("DELETED", "two")])


def websocket_watch():
    """As browsers do it: the token is a sub-protocol, and one of those that were offered has to be answered."""
    with open(os.environ["CLIENT_LONG_TOKEN"], encoding="ascii") as file:
        bearer = base64.urlsafe_b64encode(file.read().encode()).decode().rstrip("=")
    host = core.api_client.configuration.host.replace("https:", "wss:")
    socket = websocket.create_connection(
        f"{host}/api/v1/namespaces/{namespace}/configmaps?watch=1",
        subprotocols=[f"base64url.bearer.authorization.k8s.io.{bearer}", "minik.example"],
        sslopt={"cert_reqs": ssl.CERT_REQUIRED, "ca_certs": core.api_client.configuration.ssl_ca_cert},
        timeout=20,
    )
    expect(socket.subprotocol, "minik.example")
    core.create_namespaced_config_map(namespace, config_map("socket"))
    while True:
        event = json.loads(socket.recv())
        if event["object"]["metadata"]["name"] == "socket":
            break
    expect(event["type"], "ADDED")
    socket.close()


def pod():
    with open(os.environ["CLIENT_POD"], encoding="utf-8") as file:
        core.create_namespaced_pod(namespace, json.load(file))
    for event in watch.Watch().stream(core.list_namespaced_pod, namespace, timeout_seconds=60):
        statuses = event["object"].status.container_statuses or []
        if len(statuses) == 3 and all(status.state.running for status in statuses):
            return
    raise AssertionError("the pod does not run")


def execute():
    command = ["sh", "-c", "head -c 300000 | md5sum; echo note >&2; exit 7"]
    flags = {"stdin": True, "stdout": True, "stderr": True, "tty": False, "container": "main"}
    session = stream(core.connect_get_namespaced_pod_exec, "streams", namespace, command=command, _preload_content=False, **flags)
    for _ in range(3):
        session.write_stdin("x" * 100_000)
    session.run_forever(timeout=30)
    expect(session.read_stdout().split()[0], "d408ed46ebcc326f9e7c6bb9c77af1cd")
    expect(session.read_stderr(), "note\n")
    expect(session.returncode, 7)


def attach():
    flags = {"stdin": True, "stdout": True, "stderr": True, "tty": False, "container": "attach"}
    session = stream(core.connect_get_namespaced_pod_attach, "streams", namespace, _preload_content=False, **flags)
    session.write_stdin("hello\nend\n")
    session.run_forever(timeout=30)
    expect(session.is_open(), False)
    expect(session.read_stdout(), "got hello\n")


def logs():
    lines = watch.Watch().stream(core.read_namespaced_pod_log, "streams", namespace, container="logs", follow=True)
    expect(list(lines), [f"line {number}" for number in range(1, 11)])


def port_forward():
    forward = portforward(core.connect_get_namespaced_pod_portforward, "streams", namespace, ports="8080")
    connection = forward.socket(8080)
    connection.settimeout(20)
    connection.sendall(b"GET /index.html HTTP/1.0\r\n\r\n")
    answer = b""
    while piece := connection.recv(4096):
        answer += piece
    expect(answer.split(b"\r\n\r\n")[1], b"pong\n")
    expect(forward.error(8080), None)


def long_token():
    with open(os.environ["CLIENT_LONG_TOKEN"], encoding="ascii") as file:
        token = file.read()
    settings = client.Configuration()
    settings.host = core.api_client.configuration.host
    settings.ssl_ca_cert = core.api_client.configuration.ssl_ca_cert
    settings.api_key = {"authorization": f"Bearer {token}"}
    review = client.AuthenticationV1Api(client.ApiClient(settings)).create_self_subject_review({})
    expect(review.status.user_info.username, os.environ["CLIENT_LONG_TOKEN_USER"])


check("objects", objects)
check("watch", watching)
check("websocket-watch", websocket_watch)
check("pod", pod)
check("exec", execute)
check("attach", attach)
check("logs", logs)
check("port-forward", port_forward)
check("long-token", long_token)
sys.exit(1 if failed else 0)
