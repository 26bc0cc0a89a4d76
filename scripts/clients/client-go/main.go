// What scripts/test --clients tries with client-go. See scripts/clients/recipes.ts.
package main

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/client-go/util/exec"
)

var (
	config  = ownConfig()
	clients = must(kubernetes.NewForConfig(config))
)

func configMap(name string) *corev1.ConfigMap {
	labels := map[string]string{"of": "objects"}
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Data: map[string]string{"key": "one"}}
}

// objects are tried in JSON and in protobuf.
func objects(ctx context.Context, clients *kubernetes.Clientset) {
	maps := clients.CoreV1().ConfigMaps(namespace)
	for _, name := range []string{"a", "b", "c"} {
		must(maps.Create(ctx, configMap(name), metav1.CreateOptions{}))
	}
	page := must(maps.List(ctx, metav1.ListOptions{LabelSelector: "of=objects", Limit: 2}))
	rest := must(maps.List(ctx, metav1.ListOptions{LabelSelector: "of=objects", Limit: 2, Continue: page.Continue}))
	var names []string
	for _, item := range append(page.Items, rest.Items...) {
		names = append(names, item.Name)
	}
	expect(names, []string{"a", "b", "c"})
	merge := []byte(`{"data":{"key":"two","more":"three"}}`)
	patched := must(maps.Patch(ctx, "a", types.StrategicMergePatchType, merge, metav1.PatchOptions{}))
	expect(patched.Data, map[string]string{"key": "two", "more": "three"})
	operations := []byte(`[{"op":"remove","path":"/data/more"}]`)
	patched = must(maps.Patch(ctx, "a", types.JSONPatchType, operations, metav1.PatchOptions{}))
	expect(patched.Data, map[string]string{"key": "two"})
	patched.Data["key"] = "four"
	expect(must(maps.Update(ctx, patched, metav1.UpdateOptions{})).Data["key"], "four")
	_, err := maps.Update(ctx, patched, metav1.UpdateOptions{})
	expect(apierrors.IsConflict(err), true)
	no(maps.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "of=objects"}))
	_, err = maps.Get(ctx, "a", metav1.GetOptions{})
	expect(apierrors.IsNotFound(err), true)
}

func watching(ctx context.Context, clients *kubernetes.Clientset) {
	maps := clients.CoreV1().ConfigMaps(namespace)
	since := must(maps.List(ctx, metav1.ListOptions{})).ResourceVersion
	must(maps.Create(ctx, configMap("watched"), metav1.CreateOptions{}))
	must(maps.Patch(ctx, "watched", types.MergePatchType, []byte(`{"data":{"key":"two"}}`), metav1.PatchOptions{}))
	no(maps.Delete(ctx, "watched", metav1.DeleteOptions{}))
	seconds := int64(2)
	watcher := must(maps.Watch(ctx, metav1.ListOptions{ResourceVersion: since, TimeoutSeconds: &seconds}))
	var seen []string
	for event := range watcher.ResultChan() {
		seen = append(seen, fmt.Sprint(event.Type, " ", event.Object.(*corev1.ConfigMap).Data["key"]))
	}
	expect(seen, []string{"ADDED one", "MODIFIED two", "DELETED two"})
}

// informer has to see the first list by a watch of its own (client-go's WatchList) and what comes after it.
func informer(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	factory := informers.NewSharedInformerFactoryWithOptions(clients, 0, informers.WithNamespace(namespace))
	seen := make(chan string, 100)
	maps := factory.Core().V1().ConfigMaps().Informer()
	must(maps.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: func(object any) { seen <- object.(*corev1.ConfigMap).Name }}))
	factory.Start(ctx.Done())
	expect(cache.WaitForCacheSync(ctx.Done(), maps.HasSynced), true)
	must(clients.CoreV1().ConfigMaps(namespace).Create(ctx, configMap("informed"), metav1.CreateOptions{}))
	for name := range seen {
		if name == "informed" {
			no(clients.CoreV1().ConfigMaps(namespace).Delete(ctx, name, metav1.DeleteOptions{}))
			return
		}
	}
}

func protobuf(ctx context.Context) {
	binary := rest.CopyConfig(config)
	binary.ContentType = "application/vnd.kubernetes.protobuf"
	binary.AcceptContentTypes = binary.ContentType
	clients := must(kubernetes.NewForConfig(binary))
	objects(ctx, clients)
	watching(ctx, clients)
	must(clients.CoreV1().Nodes().List(ctx, metav1.ListOptions{}))
}

func pod(ctx context.Context) {
	var pod corev1.Pod
	no(json.Unmarshal(must(os.ReadFile(os.Getenv("CLIENT_POD"))), &pod))
	must(clients.CoreV1().Pods(namespace).Create(ctx, &pod, metav1.CreateOptions{}))
	seconds := int64(60)
	watcher := must(clients.CoreV1().Pods(namespace).Watch(ctx, metav1.ListOptions{TimeoutSeconds: &seconds}))
	defer watcher.Stop()
	for event := range watcher.ResultChan() {
		if event.Type == watch.Error {
			panic(apierrors.FromObject(event.Object))
		}
		running := 0
		for _, status := range event.Object.(*corev1.Pod).Status.ContainerStatuses {
			if status.State.Running != nil {
				running++
			}
		}
		if running == 3 {
			return
		}
	}
	panic(errors.New("the pod does not run"))
}

func request(verb, subresource string) *rest.Request {
	return clients.CoreV1().RESTClient().Verb(verb).Resource("pods").Namespace(namespace).Name("streams").SubResource(subresource)
}

// webSockets and spdys are the two ways to stream: both are tried.
func webSockets(request *rest.Request) remotecommand.Executor {
	return must(remotecommand.NewWebSocketExecutor(config, "GET", request.URL().String()))
}

func spdys(request *rest.Request) remotecommand.Executor {
	return must(remotecommand.NewSPDYExecutor(config, "POST", request.URL()))
}

func execute(ctx context.Context) {
	for _, stream := range []func(*rest.Request) remotecommand.Executor{webSockets, spdys} {
		command := []string{"sh", "-c", "md5sum; echo note >&2; exit 7"}
		options := &corev1.PodExecOptions{Container: "main", Command: command, Stdin: true, Stdout: true, Stderr: true}
		executor := stream(request("POST", "exec").VersionedParams(options, scheme.ParameterCodec))
		input := strings.Repeat("x", 300_000)
		var stdout, stderr bytes.Buffer
		err := executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: strings.NewReader(input), Stdout: &stdout, Stderr: &stderr})
		var exit exec.CodeExitError
		expect(errors.As(err, &exit), true)
		expect(exit.Code, 7)
		expect(stdout.String(), fmt.Sprintf("%x  -\n", md5.Sum([]byte(input))))
		expect(stderr.String(), "note\n")
	}
}

func attach(ctx context.Context) {
	options := &corev1.PodAttachOptions{Container: "attach", Stdin: true, Stdout: true, Stderr: true}
	executor := webSockets(request("POST", "attach").VersionedParams(options, scheme.ParameterCodec))
	var stdout, stderr bytes.Buffer
	input := strings.NewReader("hello\nend\n")
	no(executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: input, Stdout: &stdout, Stderr: &stderr}))
	expect(stdout.String(), "got hello\n")
}

func logs(ctx context.Context) {
	options := &corev1.PodLogOptions{Container: "logs", Follow: true}
	stream := must(clients.CoreV1().Pods(namespace).GetLogs("streams", options).Stream(ctx))
	defer stream.Close()
	wanted := ""
	for number := 1; number <= 10; number++ {
		wanted += fmt.Sprintf("line %d\n", number)
	}
	expect(string(must(io.ReadAll(stream))), wanted)
}

func forward(ctx context.Context) {
	url := request("POST", "portforward").URL()
	transport, upgrader, err := spdy.RoundTripperFor(config)
	no(err)
	dialers := []httpstream.Dialer{
		must(portforward.NewSPDYOverWebsocketDialer(url, config)),
		spdy.NewDialer(upgrader, &http.Client{Transport: transport}, "POST", url),
	}
	for _, dialer := range dialers {
		stop, ready := make(chan struct{}), make(chan struct{})
		forwarder := must(portforward.New(dialer, []string{"0:8080"}, stop, ready, io.Discard, os.Stderr))
		done := make(chan error, 1)
		go func() { done <- forwarder.ForwardPorts() }()
		select {
		case <-ready:
		case err := <-done:
			panic(fmt.Errorf("port-forward ended: %w", err))
		}
		port := must(forwarder.GetPorts())[0].Local
		answer := must(http.Get(fmt.Sprintf("http://127.0.0.1:%d/index.html", port)))
		expect(string(must(io.ReadAll(answer.Body))), "pong\n")
		close(stop)
		no(<-done)
	}
}

func longToken(ctx context.Context) {
	other := rest.AnonymousClientConfig(config)
	other.BearerToken = string(must(os.ReadFile(os.Getenv("CLIENT_LONG_TOKEN"))))
	reviews := must(kubernetes.NewForConfig(other)).AuthenticationV1().SelfSubjectReviews()
	review := must(reviews.Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{}))
	expect(review.Status.UserInfo.Username, os.Getenv("CLIENT_LONG_TOKEN_USER"))
}

func main() {
	report(
		check{"objects", func(ctx context.Context) { objects(ctx, clients) }},
		check{"watch", func(ctx context.Context) { watching(ctx, clients) }},
		check{"informer", informer},
		check{"protobuf", protobuf},
		check{"watch-list", watchList},
		check{"metadata", metadataOnly},
		check{"dynamic", dynamicClient},
		check{"apply", apply},
		check{"discovery", discover},
		check{"leader-election", leaderElection},
		check{"pod", pod},
		check{"exec", execute},
		check{"attach", attach},
		check{"logs", logs},
		check{"port-forward", forward},
		check{"long-token", longToken},
	)
}
