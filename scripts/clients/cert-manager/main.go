// Package main runs one of cert-manager's parts, as the program of that part does: these programs are in no published
// module. The path of this module lets it import what the project keeps to itself.
package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	definitions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubernetes "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/klog/v2"
	aggregation "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/cert-manager/cert-manager/internal/apis/config/shared"
	config "github.com/cert-manager/cert-manager/internal/apis/config/webhook"
	"github.com/cert-manager/cert-manager/internal/webhook"
	"github.com/cert-manager/cert-manager/pkg/api"
	"github.com/cert-manager/cert-manager/pkg/controller"
	"github.com/cert-manager/cert-manager/pkg/controller/cainjector"
	shim "github.com/cert-manager/cert-manager/pkg/controller/certificate-shim/ingresses"
	"github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	requestsca "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/ca"
	requestsself "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/selfsigned"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	"github.com/cert-manager/cert-manager/pkg/controller/clusterissuers"
	"github.com/cert-manager/cert-manager/pkg/controller/issuers"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
	"github.com/cert-manager/cert-manager/pkg/util"
)

const workers = 5

var (
	kubeconfig = os.Getenv("KUBECONFIG")
	namespace  = os.Getenv("CLIENT_NAMESPACE")
	// Those that need nobody outside.
	controllers = []string{
		issuers.ControllerName, clusterissuers.ControllerName, shim.ControllerName, approver.ControllerName,
		requestsca.CRControllerName, requestsself.CRControllerName, trigger.ControllerName, issuing.ControllerName,
		keymanager.ControllerName, requestmanager.ControllerName, readiness.ControllerName, revisionmanager.ControllerName,
	}
)

func runControllers(ctx context.Context) error {
	factory, err := controller.NewContextFactory(ctx, controller.ContextOptions{
		Kubeconfig:    kubeconfig,
		IssuerOptions: controller.IssuerOptions{ClusterResourceNamespace: namespace},
		CertificateOptions: controller.CertificateOptions{
			CopiedAnnotationPrefixes:                 []string{"*", "-kubectl.kubernetes.io/"},
			CertificateRequestMinimumBackoffDuration: time.Hour,
			CertificateRequestMaximumBackoffDuration: 32 * time.Hour,
		},
	})
	if err != nil {
		return err
	}
	shared, err := factory.Build()
	if err != nil {
		return err
	}
	var running sync.WaitGroup
	failed := make(chan error, len(controllers))
	for _, name := range controllers {
		made, err := controller.Known()[name](factory)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		running.Go(func() {
			if err := made.Run(workers, ctx); err != nil {
				failed <- fmt.Errorf("%s: %w", name, err)
			}
		})
	}
	shared.SharedInformerFactory.Start(ctx.Done())
	shared.KubeSharedInformerFactory.Start(ctx.Done())
	shared.HTTP01ResourceMetadataInformersFactory.Start(ctx.Done())
	go func() { running.Wait(); close(failed) }()
	return <-failed
}

// runWebhook serves on a port, with a certificate that it signs itself by an authority in a Secret.
func runWebhook(ctx context.Context, port int32) error {
	served, err := webhook.NewCertManagerWebhookServer(klog.FromContext(ctx), config.WebhookConfiguration{
		SecurePort: port, KubeConfig: kubeconfig, MetricsListenAddress: "0",
		TLSConfig: shared.TLSConfig{Dynamic: shared.DynamicServingConfig{
			SecretNamespace: namespace, SecretName: "cert-manager-webhook-ca", DNSNames: []string{"localhost"}, LeafDuration: 168 * time.Hour,
		}},
	})
	if err != nil {
		return err
	}
	return served.Run(ctx)
}

// runInjector writes authorities into the webhooks that ask for them.
func runInjector(ctx context.Context) error {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{kubernetes.AddToScheme, definitions.AddToScheme, aggregation.AddToScheme, api.AddToScheme} {
		if err := add(scheme); err != nil {
			return err
		}
	}
	manager, err := ctrl.NewManager(util.RestConfigWithUserAgent(ctrl.GetConfigOrDie(), "cainjector"), ctrl.Options{
		Scheme: scheme, Metrics: server.Options{BindAddress: "0"},
		LeaderElection: true, LeaderElectionID: "cert-manager-cainjector-leader-election", LeaderElectionNamespace: "kube-system",
		LeaderElectionReleaseOnCancel: true,
	})
	if err != nil {
		return err
	}
	kinds := []string{
		cainjector.MutatingWebhookConfigurationName, cainjector.ValidatingWebhookConfigurationName, cainjector.APIServiceName,
		cainjector.CustomResourceDefinitionName,
	}
	enabled := map[string]bool{}
	for _, kind := range kinds {
		enabled[kind] = true
	}
	options := cainjector.SetupOptions{EnableCertificatesDataSource: true, EnabledReconcilersFor: enabled}
	if err := cainjector.RegisterAllInjectors(ctx, manager, options); err != nil {
		return err
	}
	return manager.Start(ctx)
}

func run(ctx context.Context, part string) error {
	switch part {
	case "controllers":
		return runControllers(ctx)
	case "injector":
		return runInjector(ctx)
	default:
		var port int32
		if _, err := fmt.Sscanf(part, "webhook:%d", &port); err != nil {
			return fmt.Errorf("no part %q", part)
		}
		return runWebhook(ctx, port)
	}
}

func main() {
	ctrl.SetLogger(klog.NewKlogr())
	if err := run(ctrl.SetupSignalHandler(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
