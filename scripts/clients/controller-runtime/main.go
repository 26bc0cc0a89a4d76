// What scripts/test --clients tries with controller-runtime: managers of a custom resource with all that they have.
// See scripts/clients/recipes.ts.
package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/retry"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
)

const (
	finalizer = "runtime.minik.example/farewell"
	elected   = "gardener"
)

var (
	scheme  = runtime.NewScheme()
	objects client.Client
	heard   warnings
)

// warnings are what the server says beside its answers.
type warnings struct {
	lock sync.Mutex
	text []string
}

func (w *warnings) HandleWarningHeader(_ int, _ string, text string) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.text = append(w.text, text)
}

// gardener has a ConfigMap for each garden, says its area, and bids it farewell.
type gardener struct {
	client.Client
	name   string
	events events.EventRecorder
}

func (g gardener) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	garden := &Garden{}
	if err := g.Get(ctx, request.NamespacedName, garden); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !garden.DeletionTimestamp.IsZero() {
		farewell := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: garden.Name + "-farewell", Namespace: garden.Namespace}}
		if err := g.Create(ctx, farewell); client.IgnoreAlreadyExists(err) != nil {
			return ctrl.Result{}, err
		}
		if controllerutil.RemoveFinalizer(garden, finalizer) {
			return ctrl.Result{}, g.Update(ctx, garden)
		}
		return ctrl.Result{}, nil
	}
	if controllerutil.AddFinalizer(garden, finalizer) {
		return ctrl.Result{}, g.Update(ctx, garden)
	}
	area := garden.Spec.Width * garden.Spec.Height
	config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: garden.Name, Namespace: garden.Namespace}}
	result, err := controllerutil.CreateOrUpdate(ctx, g, config, func() error {
		config.Data = map[string]string{"area": fmt.Sprint(area), "by": g.name}
		return controllerutil.SetControllerReference(garden, config, g.Scheme())
	})
	if err != nil {
		return ctrl.Result{}, err
	}
	if result == controllerutil.OperationResultCreated {
		g.events.Eventf(garden, config, corev1.EventTypeNormal, "Planted", "Planting", "made %s", config.Name)
	}
	before := garden.DeepCopyObject().(*Garden)
	garden.Status.Area = area
	meta.SetStatusCondition(&garden.Status.Conditions, metav1.Condition{
		Type: "Ready", Status: metav1.ConditionTrue, Reason: "Planted", Message: "all is planted", ObservedGeneration: garden.Generation,
	})
	return ctrl.Result{}, g.Status().Patch(ctx, garden, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
}

func options() ctrl.Options {
	return ctrl.Options{
		Scheme:  scheme,
		Metrics: server.Options{BindAddress: "0"},
		Cache:   cache.Options{DefaultNamespaces: map[string]cache.Config{namespace: {}}},
	}
}

// start runs a manager until stop is called, which waits for its end.
func start(manager ctrl.Manager) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- manager.Start(ctx) }()
	return func() { cancel(); no(<-ended) }
}

func startGardener(config *rest.Config, name string) (manager ctrl.Manager, stop func()) {
	wanted := options()
	lease, renew, retry := 15*time.Second, 10*time.Second, 200*time.Millisecond
	wanted.LeaderElection, wanted.LeaderElectionID, wanted.LeaderElectionNamespace = true, elected, namespace
	wanted.LeaderElectionReleaseOnCancel = true
	wanted.LeaseDuration, wanted.RenewDeadline, wanted.RetryPeriod = &lease, &renew, &retry
	skip := true
	wanted.Controller.SkipNameValidation = &skip
	manager = must(ctrl.NewManager(config, wanted))
	no(manager.GetFieldIndexer().IndexField(context.Background(), &Garden{}, "soil", func(object client.Object) []string {
		return []string{object.(*Garden).Spec.Soil}
	}))
	reconciler := gardener{manager.GetClient(), name, manager.GetEventRecorder("gardener")}
	no(ctrl.NewControllerManagedBy(manager).For(&Garden{}).Owns(&corev1.ConfigMap{}).Complete(reconciler))
	return manager, start(manager)
}

// serveWebhooks defines gardens and has them converted, defaulted and checked by this process.
func serveWebhooks(config *rest.Config) (stop func()) {
	existing := true
	environment := &envtest.Environment{
		Config: config, Scheme: scheme, UseExistingCluster: &existing,
		CRDInstallOptions:     envtest.CRDInstallOptions{Paths: []string{"crd.yaml"}, CleanUpAfterUse: true},
		WebhookInstallOptions: envtest.WebhookInstallOptions{Paths: []string{"webhooks.yaml"}},
	}
	must(environment.Start())
	installed := environment.WebhookInstallOptions
	wanted := options()
	wanted.WebhookServer = webhook.NewServer(webhook.Options{
		Host: installed.LocalServingHost, Port: installed.LocalServingPort, CertDir: installed.LocalServingCertDir,
	})
	manager := must(ctrl.NewManager(config, wanted))
	no(ctrl.NewWebhookManagedBy(manager, &Garden{}).WithDefaulter(rules{}).WithValidator(rules{}).Complete())
	stopManager := start(manager)
	return func() {
		ctx := context.Background()
		for _, webhooks := range installed.MutatingWebhooks {
			no(objects.Delete(ctx, webhooks))
		}
		for _, webhooks := range installed.ValidatingWebhooks {
			no(objects.Delete(ctx, webhooks))
		}
		no(environment.Stop())
		stopManager()
	}
}

func named(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: namespace}
}

func key(name string) client.ObjectKey {
	return client.ObjectKey{Namespace: namespace, Name: name}
}

func get(ctx context.Context, name string) *Garden {
	garden := &Garden{}
	no(objects.Get(ctx, key(name), garden))
	return garden
}

// change updates a garden beside its controller, which writes too.
func change(ctx context.Context, name string, by func(*Garden)) (garden *Garden, err error) {
	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		garden = get(ctx, name)
		by(garden)
		return objects.Update(ctx, garden)
	})
	return garden, err
}

func conversions(ctx context.Context) {
	old := &AlphaGarden{ObjectMeta: named("old"), Spec: AlphaSpec{Size: "3x4", Soil: "sand"}}
	// The webhook server may be starting.
	eventually(ctx, func() { no(client.IgnoreAlreadyExists(objects.Create(ctx, old))) })
	expect(get(ctx, "old").Spec, Spec{Width: 3, Height: 4, Soil: "sand"})
	no(objects.Create(ctx, &Garden{ObjectMeta: named("new"), Spec: Spec{Width: 5, Height: 6, Soil: "clay"}}))
	list := &AlphaGardenList{}
	no(objects.List(ctx, list, client.InNamespace(namespace)))
	sizes := map[string]string{}
	for _, item := range list.Items {
		sizes[item.Name] = item.Spec.Size + " " + item.Spec.Soil
	}
	expect(sizes, map[string]string{"old": "3x4 sand", "new": "5x6 clay"})
	no(retry.RetryOnConflict(retry.DefaultRetry, func() error {
		no(objects.Get(ctx, key("new"), old))
		old.Spec.Size = "7x8"
		return objects.Update(ctx, old)
	}))
	expect(get(ctx, "new").Spec, Spec{Width: 7, Height: 8, Soil: "clay"})
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"size":"9x8"}}`))
	no(objects.Patch(ctx, old, patch))
	expect(get(ctx, "new").Spec.Width, 9)
	err := objects.Create(ctx, &AlphaGarden{ObjectMeta: named("bad"), Spec: AlphaSpec{Size: "big"}})
	expect(strings.Contains(fmt.Sprint(err), `"big" is no size`), true)
}

func defaulting(ctx context.Context) {
	no(objects.Create(ctx, &AlphaGarden{ObjectMeta: named("plain"), Spec: AlphaSpec{Size: "1x1"}}))
	expect(get(ctx, "plain").Spec.Soil, "loam")
	dry := &Garden{ObjectMeta: named("dry"), Spec: Spec{Width: 1}}
	no(objects.Create(ctx, dry, client.DryRunAll))
	expect(dry.Spec.Soil, "loam")
	expect(apierrors.IsNotFound(objects.Get(ctx, key("dry"), dry)), true)
}

func validating(ctx context.Context) {
	expect(len(heard.text) > 0 && heard.text[0] == "gardens make work", true)
	err := objects.Create(ctx, &Garden{ObjectMeta: named("thin")})
	expect(apierrors.IsInvalid(err), true)
	expect(err.Error(), `admission webhook "checks.runtime.minik.example" denied the request: `+
		`Garden.runtime.minik.example "thin" is invalid: spec.width: Invalid value: 0: a garden has a width`)
	status := err.(apierrors.APIStatus).Status()
	expect(status.Details.Causes[0].Field, "spec.width")
	_, err = change(ctx, "plain", func(garden *Garden) { garden.Spec.Soil = "peat" })
	expect(apierrors.IsForbidden(err), true)
	expect(err.Error(), `admission webhook "checks.runtime.minik.example" denied the request: the soil was loam`)
	fenced := must(change(ctx, "plain", func(garden *Garden) { garden.Labels = map[string]string{"fenced": "yes"} }))
	expect(apierrors.IsForbidden(objects.Delete(ctx, fenced)), true)
	must(change(ctx, "plain", func(garden *Garden) { garden.Labels = nil }))
}

func reconciling(manager ctrl.Manager) func(context.Context) {
	return func(ctx context.Context) {
		planted := func(by string, area int) func() {
			return func() {
				config := &corev1.ConfigMap{}
				no(objects.Get(ctx, key("old"), config))
				expect(config.Data, map[string]string{"area": fmt.Sprint(area), "by": by})
				garden := get(ctx, "old")
				expect(metav1.IsControlledBy(config, garden), true)
				expect(garden.Status.Area, area)
				ready := meta.FindStatusCondition(garden.Status.Conditions, "Ready")
				expect(ready != nil && ready.ObservedGeneration == garden.Generation, true)
			}
		}
		eventually(ctx, planted("first", 12))
		no(objects.Delete(ctx, &corev1.ConfigMap{ObjectMeta: named("old")}))
		eventually(ctx, planted("first", 12))
		must(change(ctx, "old", func(garden *Garden) { garden.Spec.Width = 10 }))
		eventually(ctx, planted("first", 40))
		eventually(ctx, func() {
			list := &corev1.EventList{}
			no(objects.List(ctx, list, client.InNamespace(namespace), client.MatchingFields{"involvedObject.name": "old", "reason": "Planted"}))
			expect(len(list.Items) > 0 && list.Items[0].Message == "made old", true)
		})
		list := &GardenList{}
		no(manager.GetClient().List(ctx, list, client.InNamespace(namespace), client.MatchingFields{"soil": "sand"}))
		expect(len(list.Items), 1)
	}
}

func finalizers(ctx context.Context) {
	eventually(ctx, func() { expect(get(ctx, "plain").Finalizers, []string{finalizer}) })
	no(objects.Delete(ctx, get(ctx, "plain"), client.PropagationPolicy(metav1.DeletePropagationForeground)))
	eventually(ctx, func() { expect(apierrors.IsNotFound(objects.Get(ctx, key("plain"), &Garden{})), true) })
	no(objects.Get(ctx, key("plain-farewell"), &corev1.ConfigMap{}))
	eventually(ctx, func() { expect(apierrors.IsNotFound(objects.Get(ctx, key("plain"), &corev1.ConfigMap{})), true) })
}

func leading(second ctrl.Manager, stopFirst func()) func(context.Context) {
	return func(ctx context.Context) {
		select {
		case <-second.Elected():
			panic("two lead")
		default:
		}
		stopFirst()
		<-second.Elected()
		no(objects.Delete(ctx, &corev1.ConfigMap{ObjectMeta: named("old")}))
		eventually(ctx, func() {
			config := &corev1.ConfigMap{}
			no(objects.Get(ctx, key("old"), config))
			expect(config.Data["by"], "second")
		})
		no(objects.DeleteAllOf(ctx, &Garden{}, client.InNamespace(namespace)))
		eventually(ctx, func() {
			list := &GardenList{}
			no(objects.List(ctx, list, client.InNamespace(namespace)))
			expect(len(list.Items), 0)
		})
	}
}

func main() {
	log.SetLogger(zap.New())
	no(clientgoscheme.AddToScheme(scheme))
	scheme.AddKnownTypeWithName(v1.WithKind("Garden"), &Garden{})
	scheme.AddKnownTypeWithName(v1.WithKind("GardenList"), &GardenList{})
	scheme.AddKnownTypeWithName(alpha.WithKind("Garden"), &AlphaGarden{})
	scheme.AddKnownTypeWithName(alpha.WithKind("GardenList"), &AlphaGardenList{})
	metav1.AddToGroupVersion(scheme, v1)
	metav1.AddToGroupVersion(scheme, alpha)
	config := ownConfig()
	config.WarningHandler = &heard
	objects = must(client.New(config, client.Options{Scheme: scheme}))
	stopWebhooks := serveWebhooks(config)
	first, stopFirst := startGardener(config, "first")
	<-first.Elected()
	second, stopSecond := startGardener(config, "second")
	report(
		check{"conversion", conversions},
		check{"defaulting", defaulting},
		check{"validating", validating},
		check{"reconciling", reconciling(first)},
		check{"finalizers", finalizers},
		check{"leader-election", leading(second, stopFirst)},
		check{"stop", func(context.Context) { stopSecond(); stopWebhooks() }},
	)
}
