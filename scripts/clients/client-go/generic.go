package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/apimachinery/pkg/watch"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/scale"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

var (
	configMaps = corev1.SchemeGroupVersion.WithResource("configmaps")
	crds       = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	widgets    = schema.GroupVersionResource{Group: "client-go.minik.example", Version: "v1", Resource: "widgets"}
)

// recorder notes the requests of a client.
type recorder struct {
	lock     sync.Mutex
	requests []string
}

func (r *recorder) config() *rest.Config {
	recorded := rest.CopyConfig(config)
	recorded.Wrap(func(next http.RoundTripper) http.RoundTripper { return roundTripper{r, next} })
	return recorded
}

type roundTripper struct {
	*recorder
	next http.RoundTripper
}

func (t roundTripper) RoundTrip(request *http.Request) (*http.Response, error) {
	t.lock.Lock()
	t.requests = append(t.requests, request.URL.RequestURI())
	t.lock.Unlock()
	return t.next.RoundTrip(request)
}

// watchList: the first list comes as events of a watch, up to a bookmark, in every form; informers ask for nothing else.
func watchList(ctx context.Context) {
	maps := clients.CoreV1().ConfigMaps(namespace)
	for _, name := range []string{"a", "b"} {
		must(maps.Create(ctx, configMap(name), metav1.CreateOptions{}))
	}
	yes := true
	options := metav1.ListOptions{
		LabelSelector: "of=objects", SendInitialEvents: &yes, AllowWatchBookmarks: true,
		ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	}
	binary := rest.CopyConfig(config)
	binary.ContentType = runtime.ContentTypeProtobuf
	watches := []func() (watch.Interface, error){
		func() (watch.Interface, error) { return maps.Watch(ctx, options) },
		func() (watch.Interface, error) {
			return must(kubernetes.NewForConfig(binary)).CoreV1().ConfigMaps(namespace).Watch(ctx, options)
		},
		func() (watch.Interface, error) {
			return must(metadata.NewForConfig(config)).Resource(configMaps).Namespace(namespace).Watch(ctx, options)
		},
		func() (watch.Interface, error) {
			return must(dynamic.NewForConfig(config)).Resource(configMaps).Namespace(namespace).Watch(ctx, options)
		},
	}
	for index, start := range watches {
		watcher := must(start())
		var seen []string
		for event := range watcher.ResultChan() {
			object := event.Object.(metav1.Object)
			seen = append(seen, strings.TrimSpace(fmt.Sprint(event.Type, " ", object.GetName())))
			if event.Type == watch.Bookmark {
				expect(object.GetAnnotations()[metav1.InitialEventsAnnotationKey], "true")
				newest := must(maps.Get(ctx, "b", metav1.GetOptions{})).ResourceVersion
				expect(must(resourceversion.CompareResourceVersion(object.GetResourceVersion(), newest)) >= 0, true)
				break
			}
		}
		watcher.Stop()
		expect(fmt.Sprint(index, seen), fmt.Sprint(index, []string{"ADDED a", "ADDED b", "BOOKMARK"}))
	}
	recorded := &recorder{}
	factory := informers.NewSharedInformerFactoryWithOptions(must(kubernetes.NewForConfig(recorded.config())), 0, informers.WithNamespace(namespace))
	informer := factory.Core().V1().ConfigMaps().Informer()
	ctx, stop := context.WithCancel(ctx)
	factory.Start(ctx.Done())
	expect(cache.WaitForCacheSync(ctx.Done(), informer.HasSynced), true)
	_, found, _ := informer.GetStore().GetByKey(namespace + "/b")
	expect(found, true)
	stop()
	factory.Shutdown()
	expect(len(recorded.requests), 1)
	expect(strings.Contains(recorded.requests[0], "sendInitialEvents=true"), true)
	no(maps.DeleteCollection(context.Background(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "of=objects"}))
}

// metadataOnly sees objects of all kinds as PartialObjectMetadata.
func metadataOnly(ctx context.Context) {
	maps := must(metadata.NewForConfig(config)).Resource(configMaps).Namespace(namespace)
	must(clients.CoreV1().ConfigMaps(namespace).Create(ctx, configMap("partial"), metav1.CreateOptions{}))
	partial := must(maps.Get(ctx, "partial", metav1.GetOptions{}))
	expect(partial.Labels, map[string]string{"of": "objects"})
	list := must(maps.List(ctx, metav1.ListOptions{LabelSelector: "of=objects"}))
	expect(len(list.Items), 1)
	patched := must(maps.Patch(ctx, "partial", types.MergePatchType, []byte(`{"metadata":{"labels":{"more":"yes"}}}`), metav1.PatchOptions{}))
	expect(patched.Labels["more"], "yes")
	expect(must(clients.CoreV1().ConfigMaps(namespace).Get(ctx, "partial", metav1.GetOptions{})).Data["key"], "one")

	factory := metadatainformer.NewFilteredSharedInformerFactory(must(metadata.NewForConfig(config)), 0, namespace, nil)
	informer := factory.ForResource(configMaps).Informer()
	gone := make(chan string, 10)
	must(informer.AddEventHandler(cache.ResourceEventHandlerFuncs{DeleteFunc: func(object any) {
		gone <- object.(*metav1.PartialObjectMetadata).Name
	}}))
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	factory.Start(ctx.Done())
	expect(cache.WaitForCacheSync(ctx.Done(), informer.HasSynced), true)
	no(maps.Delete(ctx, "partial", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &patched.UID}}))
	select {
	case name := <-gone:
		expect(name, "partial")
	case <-ctx.Done():
		panic(ctx.Err())
	}
	no(maps.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "of=objects"}))
}

func widgetDefinition() *unstructured.Unstructured {
	count := map[string]any{"type": "object", "properties": map[string]any{"count": map[string]any{"type": "integer", "default": int64(1)}}}
	version := map[string]any{
		"name": widgets.Version, "served": true, "storage": true,
		"schema":       map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "properties": map[string]any{"spec": count, "status": count}}},
		"subresources": map[string]any{"status": map[string]any{}, "scale": map[string]any{"specReplicasPath": ".spec.count", "statusReplicasPath": ".status.count"}},
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": widgets.GroupResource().String()},
		"spec": map[string]any{
			"group": widgets.Group, "scope": "Namespaced", "versions": []any{version},
			"names": map[string]any{"kind": "Widget", "plural": widgets.Resource, "shortNames": []any{"wd"}},
		},
	}}
}

func widget(spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": widgets.GroupVersion().String(), "kind": "Widget", "metadata": map[string]any{"name": "w"}, "spec": spec,
	}}
}

// dynamicClient defines a kind, finds it by discovery, and has its objects written, scaled, watched and listed.
func dynamicClient(ctx context.Context) {
	anything := must(dynamic.NewForConfig(config))
	definitions := anything.Resource(crds)
	must(definitions.Create(ctx, widgetDefinition(), metav1.CreateOptions{}))
	defer func() {
		no(definitions.Delete(context.Background(), widgets.GroupResource().String(), metav1.DeleteOptions{}))
	}()
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(clients.Discovery()))
	eventually(ctx, func() {
		mapper.Reset()
		expect(must(mapper.RESTMapping(schema.GroupKind{Group: widgets.Group, Kind: "Widget"})).Resource, widgets)
	})
	expect(must(restmapper.NewShortcutExpander(mapper, clients.Discovery(), nil).KindFor(schema.GroupVersionResource{Resource: "wd"})).Kind, "Widget")
	objects := anything.Resource(widgets).Namespace(namespace)

	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(anything, 0, namespace, nil)
	informer := factory.ForResource(widgets).Informer()
	counts := make(chan any, 10)
	must(informer.AddEventHandler(cache.ResourceEventHandlerFuncs{UpdateFunc: func(_, object any) {
		count, _, _ := unstructured.NestedInt64(object.(*unstructured.Unstructured).Object, "status", "count")
		counts <- count
	}}))
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	factory.Start(ctx.Done())
	expect(cache.WaitForCacheSync(ctx.Done(), informer.HasSynced), true)

	created := must(objects.Create(ctx, widget(map[string]any{"pruned": "x"}), metav1.CreateOptions{}))
	expect(created.Object["spec"], map[string]any{"count": int64(1)})
	_, err := objects.Create(ctx, widget(map[string]any{"pruned": "x"}), metav1.CreateOptions{FieldValidation: "Strict", DryRun: []string{"All"}})
	expect(apierrors.IsBadRequest(err), true)
	created.Object["spec"], created.Object["status"] = map[string]any{"count": int64(7)}, map[string]any{"count": int64(3)}
	updated := must(objects.UpdateStatus(ctx, created, metav1.UpdateOptions{}))
	expect(updated.Object["spec"], map[string]any{"count": int64(1)})
	expect(updated.Object["status"], map[string]any{"count": int64(3)})
	expect(updated.GetGeneration(), int64(1))
	expect(<-counts, int64(3))
	resolver := scale.NewDiscoveryScaleKindResolver(clients.Discovery())
	scales := must(scale.NewForConfig(config, mapper, dynamic.LegacyAPIPathResolverFunc, resolver)).Scales(namespace)
	scaled := must(scales.Get(ctx, widgets.GroupResource(), "w", metav1.GetOptions{}))
	expect([]int32{scaled.Spec.Replicas, scaled.Status.Replicas}, []int32{1, 3})
	scaled.Spec.Replicas = 4
	must(scales.Update(ctx, widgets.GroupResource(), scaled, metav1.UpdateOptions{}))
	applied := must(objects.Apply(ctx, "w", widget(map[string]any{"count": int64(5)}), metav1.ApplyOptions{FieldManager: "dynamic", Force: true}))
	expect(applied.Object["spec"], map[string]any{"count": int64(5)})
	expect(applied.GetGeneration(), int64(3))
	expect(len(must(objects.List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=w"})).Items), 1)
}

// apply: two owners of one object, their conflict, and what goes when an owner no longer wants it.
func apply(ctx context.Context) {
	maps := clients.CoreV1().ConfigMaps(namespace)
	wanted := func(data map[string]string) *applycorev1.ConfigMapApplyConfiguration {
		return applycorev1.ConfigMap("applied", namespace).WithData(data)
	}
	must(maps.Apply(ctx, wanted(map[string]string{"a": "1", "b": "1"}), metav1.ApplyOptions{FieldManager: "one"}))
	_, err := maps.Apply(ctx, wanted(map[string]string{"b": "2"}), metav1.ApplyOptions{FieldManager: "two"})
	expect(apierrors.IsConflict(err), true)
	expect(err.Error(), `Apply failed with 1 conflict: conflict with "one": .data.b`)
	must(maps.Apply(ctx, wanted(map[string]string{"b": "2"}), metav1.ApplyOptions{FieldManager: "two", Force: true}))
	applied := must(maps.Apply(ctx, wanted(map[string]string{"c": "1"}), metav1.ApplyOptions{FieldManager: "one"}))
	expect(applied.Data, map[string]string{"b": "2", "c": "1"})
	owned := must(applycorev1.ExtractConfigMap(applied, "two"))
	expect(owned.Data, map[string]string{"b": "2"})
	no(maps.Delete(ctx, "applied", metav1.DeleteOptions{}))
}

// discover: everything that is served is found at once, and described.
func discover(ctx context.Context) {
	recorded := &recorder{}
	client := must(discovery.NewDiscoveryClientForConfig(recorded.config()))
	groups, lists, err := client.ServerGroupsAndResources()
	no(err)
	expect(len(recorded.requests), 2)
	expect(len(groups) > 15 && len(lists) >= len(groups), true)
	deletable := discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"delete", "list", "watch"}}, must(client.ServerPreferredResources()))
	resources := must(discovery.GroupVersionResources(deletable))
	anything := must(metadata.NewForConfig(config))
	for resource := range resources {
		_, err := anything.Resource(resource).List(ctx, metav1.ListOptions{Limit: 1})
		if err != nil {
			panic(fmt.Errorf("%v: %w", resource, err))
		}
	}
	paths := must(client.OpenAPIV3().Paths())
	for _, list := range lists {
		path := "apis/" + list.GroupVersion
		if list.GroupVersion == "v1" {
			path = "api/v1"
		}
		if paths[path] == nil {
			panic(fmt.Errorf("no OpenAPI document of %s", list.GroupVersion))
		}
		must(paths[path].Schema(runtime.ContentTypeJSON))
	}
	must(client.OpenAPISchema())
	expect(must(client.ServerVersion()).Major, "1")
}

// leaderElection: one of two leads; when it lets go, the other does.
func leaderElection(ctx context.Context) {
	leads := make(chan string, 10)
	elect := func(ctx context.Context, name string) chan struct{} {
		lock := &resourcelock.LeaseLock{
			LeaseMeta: metav1.ObjectMeta{Name: "leader", Namespace: namespace}, Client: clients.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: name},
		}
		ended := make(chan struct{})
		elector := must(leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
			Lock: lock, ReleaseOnCancel: true, LeaseDuration: 15 * time.Second, RenewDeadline: 10 * time.Second, RetryPeriod: 200 * time.Millisecond,
			Callbacks: leaderelection.LeaderCallbacks{OnStartedLeading: func(context.Context) { leads <- name }, OnStoppedLeading: func() {}},
		}))
		go func() { elector.Run(ctx); close(ended) }()
		return ended
	}
	first, stopFirst := context.WithCancel(ctx)
	second, stopSecond := context.WithCancel(ctx)
	defer stopFirst()
	defer stopSecond()
	firstEnded := elect(first, "first")
	expect(<-leads, "first")
	secondEnded := elect(second, "second")
	leases := clients.CoordinationV1().Leases(namespace)
	before := must(leases.Get(ctx, "leader", metav1.GetOptions{})).Spec.RenewTime
	eventually(ctx, func() {
		expect(before.Before(must(leases.Get(ctx, "leader", metav1.GetOptions{})).Spec.RenewTime), true)
	})
	expect(len(leads), 0)
	stopFirst()
	<-firstEnded
	expect(<-leads, "second")
	lease := must(leases.Get(ctx, "leader", metav1.GetOptions{}))
	expect([]any{*lease.Spec.HolderIdentity, *lease.Spec.LeaseTransitions}, []any{"second", int32(1)})
	stopSecond()
	<-secondEnded
	no(leases.Delete(context.Background(), "leader", metav1.DeleteOptions{}))
}
