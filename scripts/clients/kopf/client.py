"""What scripts/test --clients tries with kopf: an operator, and the user of its custom resource. See scripts/clients/recipes.ts."""
import asyncio
import logging
import os
import sys
import threading
import time
import traceback

import kopf
from kubernetes import client, config

namespace = os.environ["CLIENT_NAMESPACE"]
group, version, plural = "kopf.minik.example", "v1", "gardens"
config.load_kube_config()
core = client.CoreV1Api()
objects = client.CustomObjectsApi()
definitions = client.ApiextensionsV1Api()
where = (group, version, namespace, plural)
calls = []
failed = False

definition = {
    "metadata": {"name": f"{plural}.{group}"},
    "spec": {
        "group": group,
        "scope": "Namespaced",
        "names": {"plural": plural, "singular": "garden", "kind": "Garden"},
        "versions": [
            {
                "name": version,
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {"type": "object", "properties": {"beds": {"type": "integer"}}},
                            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                        },
                    }
                },
            }
        ],
    },
}


@kopf.on.startup()
def configure(settings, **_):
    settings.posting.loggers = True
    settings.persistence.finalizer = f"{group}/finalizer"


@kopf.on.create(group, version, plural)
def created(spec, name, body, patch, **_):
    calls.append(f"created {name}")
    child = {"metadata": {"generateName": f"{name}-"}, "data": {"beds": str(spec["beds"])}}
    kopf.adopt(child, owner=body)
    made = core.create_namespaced_config_map(namespace, child)
    patch.status["child"] = made.metadata.name
    kopf.info(body, reason="Planted", message=f"{spec['beds']} beds")
    return {"beds": spec["beds"]}


@kopf.on.update(group, version, plural, field="spec.beds")
def updated(old, new, status, **_):
    core.patch_namespaced_config_map(status["child"], namespace, {"data": {"beds": str(new)}})
    calls.append(f"updated {old} to {new}")


tries = 0


@kopf.on.delete(group, version, plural)
def deleted(name, **_):
    """The finalizer has to hold the object until the second try."""
    global tries
    tries += 1
    if tries == 1:
        raise kopf.TemporaryError("not yet", delay=1)
    calls.append(f"deleted {name}")


@kopf.timer(group, version, plural, interval=0.5)
def watered(patch, status, **_):
    patch.status["watered"] = (status.get("watered") or 0) + 1


def check(name, body):
    global failed
    try:
        body()
        print(f"ok {name}", flush=True)
    except Exception as error:  # every check is reported
        failed = True
        traceback.print_exc()
        print(f"not ok {name}: {error!r}", flush=True)


def eventually(what, limit=30):
    end = time.monotonic() + limit
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {limit} s; calls: {calls}")
        time.sleep(0.1)


def expect(actual, wanted):
    if actual != wanted:
        raise AssertionError(f"{actual!r} instead of {wanted!r}")


def garden():
    return objects.get_namespaced_custom_object(*where, "rose")


def creating():
    body = {"apiVersion": f"{group}/{version}", "kind": "Garden", "metadata": {"name": "rose"}, "spec": {"beds": 2}}
    objects.create_namespaced_custom_object(*where, body)
    made = eventually(lambda: (found := garden()).get("status", {}).get("created") and found)
    expect(made["metadata"]["finalizers"], [f"{group}/finalizer"])
    expect(made["status"]["created"], {"beds": 2})
    child = core.read_namespaced_config_map(made["status"]["child"], namespace)
    expect([owner.uid for owner in child.metadata.owner_references], [made["metadata"]["uid"]])


def updating():
    objects.patch_namespaced_custom_object(*where, "rose", {"spec": {"beds": 5}})
    eventually(lambda: "updated 2 to 5" in calls)
    expect(core.read_namespaced_config_map(garden()["status"]["child"], namespace).data, {"beds": "5"})


def timers():
    before = garden()["status"].get("watered", 0)
    eventually(lambda: garden()["status"].get("watered", 0) >= before + 3)


def events():
    def reasons():
        found = core.list_namespaced_event(namespace, field_selector="involvedObject.name=rose,involvedObject.kind=Garden")
        return {event.reason: event.message for event in found.items}

    eventually(lambda: {"Planted", "Logging"} <= set(reasons()))
    expect(reasons()["Planted"], "2 beds")


def deleting():
    child = garden()["status"]["child"]
    objects.delete_namespaced_custom_object(*where, "rose")
    expect("deletionTimestamp" in garden()["metadata"], True)

    def gone(read):
        try:
            read()
            return False
        except client.ApiException as error:
            expect(error.status, 404)
            return True

    eventually(lambda: gone(garden))
    expect((tries, "deleted rose" in calls), (2, True))
    eventually(lambda: gone(lambda: core.read_namespaced_config_map(child, namespace)))


def main():
    logging.basicConfig(level=logging.INFO)
    definitions.create_custom_resource_definition(definition)

    def established():
        conditions = definitions.read_custom_resource_definition(definition["metadata"]["name"]).status.conditions
        return any(found.type == "Established" and found.status == "True" for found in conditions or [])

    eventually(established)
    stop, ready = threading.Event(), threading.Event()
    operator = threading.Thread(
        target=lambda: asyncio.run(kopf.operator(namespaces=[namespace], standalone=True, stop_flag=stop, ready_flag=ready))
    )
    operator.start()
    try:
        ready.wait(30)
        check("handlers", lambda: (creating(), updating()))
        check("timers", timers)
        check("events", events)
        check("finalizers", deleting)
    finally:
        stop.set()
        operator.join(30)
        definitions.delete_custom_resource_definition(definition["metadata"]["name"])


main()
sys.exit(1 if failed else 0)
