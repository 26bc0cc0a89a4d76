// What scripts/test --clients tries with pkg/ssa, with which flux applies: server-side, in stages, with a dry run before
// each write to see drift. See scripts/clients/recipes.ts.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/polling"
	"github.com/fluxcd/pkg/ssa"
	"github.com/fluxcd/pkg/ssa/utils"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

var (
	objects client.Client
	manager *ssa.ResourceManager
)

// wanted reads objects.yaml with other words for some of its own.
func wanted(replacements ...string) []*unstructured.Unstructured {
	text := strings.NewReplacer(append(replacements, "NAMESPACE", namespace)...).Replace(string(must(os.ReadFile("objects.yaml"))))
	list := must(utils.ReadObjects(bytes.NewBufferString(text)))
	manager.SetOwnerLabels(list, "app", namespace)
	return list
}

func named(list []*unstructured.Unstructured, kind string) *unstructured.Unstructured {
	for _, object := range list {
		if object.GetKind() == kind {
			return object
		}
	}
	panic(kind)
}

func live(ctx context.Context, kind string) *unstructured.Unstructured {
	object := named(wanted(), kind).DeepCopy()
	no(objects.Get(ctx, client.ObjectKeyFromObject(object), object))
	return object
}

// actions are what was done to each kind of object.
func actions(changes *ssa.ChangeSet) map[string]string {
	seen := map[string]string{}
	for _, entry := range changes.Entries {
		seen[entry.ObjMetadata.GroupKind.Kind] = entry.Action.String()
	}
	return seen
}

func all(action ssa.Action) map[string]string {
	seen := map[string]string{}
	for _, object := range wanted() {
		seen[object.GetKind()] = action.String()
	}
	return seen
}

func with(seen map[string]string, kind string, action ssa.Action) map[string]string {
	seen[kind] = action.String()
	return seen
}

func waiting() ssa.WaitOptions {
	return ssa.WaitOptions{Interval: 200 * time.Millisecond, Timeout: 50 * time.Second}
}

func apply(ctx context.Context, replacements ...string) map[string]string {
	return actions(must(manager.ApplyAllStaged(ctx, wanted(replacements...), ssa.DefaultApplyOptions())))
}

// staged: definitions and namespaces come first; whatever is alike is not written; all becomes ready.
func staged(ctx context.Context) {
	expect(apply(ctx), all(ssa.CreatedAction))
	no(manager.Wait(wanted(), waiting()))
	deployment := live(ctx, "Deployment")
	available, _, _ := unstructured.NestedInt64(deployment.Object, "status", "availableReplicas")
	expect(available, int64(2))
	expect(apply(ctx), all(ssa.UnchangedAction))
	expect(live(ctx, "Deployment").GetResourceVersion(), deployment.GetResourceVersion())
	expect(apply(ctx, "greeting: hello", "greeting: bye"), with(all(ssa.UnchangedAction), "ConfigMap", ssa.ConfiguredAction))
	expect(deployment.GetManagedFields()[0].Manager, "minik-clients")
}

// drift: what others change is seen and put right; what others add stays.
func drift(ctx context.Context) {
	deployment := live(ctx, "Deployment")
	patch := []byte(`{"spec":{"replicas":5},"metadata":{"annotations":{"by-hand":"yes"}}}`)
	no(objects.Patch(ctx, deployment, client.RawPatch(types.MergePatchType, patch), client.FieldOwner("somebody")))
	entry, before, after, err := manager.Diff(ctx, named(wanted(), "Deployment"), ssa.DefaultDiffOptions())
	no(err)
	expect(entry.Action, ssa.ConfiguredAction)
	replicas := func(object *unstructured.Unstructured) int64 {
		number, _, _ := unstructured.NestedInt64(object.Object, "spec", "replicas")
		return number
	}
	expect([]int64{replicas(before), replicas(after)}, []int64{5, 2})
	expect(apply(ctx, "greeting: hello", "greeting: bye"), with(all(ssa.UnchangedAction), "Deployment", ssa.ConfiguredAction))
	expect(replicas(live(ctx, "Deployment")), int64(2))
	expect(live(ctx, "Deployment").GetAnnotations()["by-hand"], "yes")
	secret, _, _, err := manager.Diff(ctx, named(wanted("password: one", "password: two"), "Secret"), ssa.DefaultDiffOptions())
	no(err)
	expect(secret.Action, ssa.ConfiguredAction)
}

// takeover: what kubectl apply and others have owned becomes this manager's, and what it no longer wants goes.
func takeover(ctx context.Context) {
	object := named(wanted(), "ConfigMap")
	no(objects.Delete(ctx, object.DeepCopy()))
	made := object.DeepCopy()
	no(unstructured.SetNestedField(made.Object, "theirs", "data", "extra"))
	no(objects.Create(ctx, made, client.FieldOwner("kubectl-client-side-apply")))
	options := ssa.DefaultApplyOptions()
	options.Cleanup.FieldManagers = []ssa.FieldManager{{Name: "kubectl-client-side-apply", OperationType: "Update"}}
	entry := must(manager.Apply(ctx, object, options))
	expect(entry.Action, ssa.ConfiguredAction)
	data, _, _ := unstructured.NestedStringMap(live(ctx, "ConfigMap").Object, "data")
	expect(data, map[string]string{"greeting": "hello"})
	var managers []string
	for _, owner := range live(ctx, "ConfigMap").GetManagedFields() {
		managers = append(managers, owner.Manager)
	}
	expect(managers, []string{"minik-clients"})
}

// immutable fields need the object to be made anew, which is done on request only.
func immutable(ctx context.Context) {
	changed := named(wanted("app: web", "app: other"), "Deployment")
	options := ssa.DefaultApplyOptions()
	_, err := manager.Apply(ctx, changed, options)
	expect(strings.Contains(fmt.Sprint(err), "field is immutable"), true)
	uid := live(ctx, "Deployment").GetUID()
	options.Force = true
	expect(must(manager.Apply(ctx, changed, options)).Action, ssa.CreatedAction)
	expect(live(ctx, "Deployment").GetUID() != uid, true)
}

func deleting(ctx context.Context) {
	changes := must(manager.DeleteAll(ctx, wanted(), ssa.DefaultDeleteOptions()))
	expect(actions(changes), all(ssa.DeletedAction))
	no(manager.WaitForTermination(wanted(), waiting()))
	for _, object := range wanted() {
		err := objects.Get(ctx, client.ObjectKeyFromObject(object), object)
		if object.GetKind() != "Widget" {
			expect(apierrors.IsNotFound(err), true)
		}
	}
}

func main() {
	config := rest.CopyConfig(ownConfig())
	mapper := must(apiutil.NewDynamicRESTMapper(config, must(rest.HTTPClientFor(config))))
	objects = must(client.New(config, client.Options{Mapper: mapper}))
	owner := ssa.Owner{Field: "minik-clients", Group: "flux.minik.example"}
	manager = ssa.NewResourceManager(objects, polling.NewStatusPoller(objects, mapper, polling.Options{}), owner)
	report(check{"staged", staged}, check{"drift", drift}, check{"takeover", takeover}, check{"immutable", immutable}, check{"deleting", deleting})
}
