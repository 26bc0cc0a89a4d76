// Program scheduler tells what upstream's scheduler decides in given clusters: for each Pod that waits, why it refuses each node, how its
// plugins rate the nodes that fit, and whom it evicts when none does. It reads a JSON list of clusters and writes a JSON list of decisions.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/kubernetes/scheme"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/events"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler"
	internalcache "k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/profile"
)

// cluster is one input: all objects, and the names of the Pods to decide about (in the namespace default).
type cluster struct {
	Objects []json.RawMessage `json:"objects"`
	Pods    []string          `json:"pods"`
}

// decision is what the scheduler would do with one Pod.
type decision struct {
	// Refusals gives the code and the reasons of each node that does not fit.
	Refusals map[string][]string `json:"refusals,omitempty"`
	// Scores gives the weighted score of each plugin for each node that fits.
	Scores map[string]map[string]int64 `json:"scores,omitempty"`
	// Message is the condition's message when no node fits.
	Message string `json:"message,omitempty"`
	// Nominated is the node where Victims are evicted.
	Nominated string   `json:"nominated,omitempty"`
	Victims   []string `json:"victims,omitempty"`
}

// atOnce is how many clusters are looked at at once: nearly all of the time passes in waiting for caches.
const atOnce = 16

func main() {
	klog.SetOutput(os.Stderr)
	klog.LogToStderr(false)
	var clusters []cluster
	must(json.NewDecoder(os.Stdin).Decode(&clusters))
	results := make([]map[string]decision, len(clusters))
	var group sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i, c := range clusters {
		group.Add(1)
		slots <- struct{}{}
		go func() {
			defer func() { <-slots; group.Done() }()
			result := map[string]decision{}
			for _, name := range c.Pods {
				result[name] = decide(c, name)
			}
			results[i] = result
		}()
	}
	group.Wait()
	must(json.NewEncoder(os.Stdout).Encode(results))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// decide runs one scheduling cycle on a cluster of its own.
func decide(c cluster, name string) decision {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	objects := make([]runtime.Object, 0, len(c.Objects))
	for _, raw := range c.Objects {
		object, _, err := scheme.Codecs.UniversalDeserializer().Decode(raw, nil, nil)
		must(err)
		objects = append(objects, object)
	}
	client := fake.NewClientset(objects...)
	var lock sync.Mutex
	var victims []string
	client.PrependReactor("delete", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
		lock.Lock()
		defer lock.Unlock()
		victims = append(victims, action.(clienttesting.DeleteAction).GetName())
		return true, nil, nil
	})
	factory := scheduler.NewInformerFactory(client, 0)
	broadcaster := events.NewBroadcaster(&events.EventSinkImpl{Interface: client.EventsV1()})
	sched, err := scheduler.New(ctx, client, factory, nil, profile.NewRecorderFactory(broadcaster))
	must(err)
	start(ctx, factory)
	must(sched.WaitForHandlersSync(ctx))
	f := sched.Profiles[v1.DefaultSchedulerName]
	snapshot, _ := f.SnapshotSharedLister().(*internalcache.Snapshot)
	must(sched.Cache.UpdateSnapshot(klog.FromContext(ctx), snapshot))
	pod, err := factory.Core().V1().Pods().Lister().Pods(v1.NamespaceDefault).Get(name)
	must(err)
	result := look(ctx, f, snapshot, pod)
	if len(result.Scores) > 0 {
		return result
	}
	state := framework.NewCycleState()
	podInfo, err := framework.NewPodInfo(pod)
	must(err)
	_, err = sched.SchedulePod(ctx, f, state, &framework.QueuedPodInfo{PodInfo: podInfo})
	fitError, ok := err.(*framework.FitError)
	if !ok {
		result.Message = err.Error()
		return result
	}
	post, status := f.RunPostFilterPlugins(ctx, state, pod, fitError.Diagnosis.NodeToStatus)
	fitError.Diagnosis.PostFilterMsg = status.Message()
	result.Message = fitError.Error()
	if post != nil && post.NominatingInfo != nil && post.NominatedNodeName != "" {
		result.Nominated = post.NominatedNodeName
		waitForEvictions(ctx, f, pod)
		lock.Lock()
		defer lock.Unlock()
		sort.Strings(victims)
		result.Victims = victims
	}
	return result
}

func start(ctx context.Context, factory informers.SharedInformerFactory) {
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
}

// waitForEvictions waits until the evictions for a Pod, which are asynchronous, have ended: until then it may not enter the queue.
func waitForEvictions(ctx context.Context, f framework.Framework, pod *v1.Pod) {
	for _, plugin := range f.PreEnqueuePlugins() {
		for !plugin.PreEnqueue(ctx, pod).IsSuccess() {
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// look asks the filters about every node, and the scores about those that fit.
func look(ctx context.Context, f framework.Framework, snapshot *internalcache.Snapshot, pod *v1.Pod) decision {
	result := decision{Refusals: map[string][]string{}, Scores: map[string]map[string]int64{}}
	state := framework.NewCycleState()
	restriction, status, _ := f.RunPreFilterPlugins(ctx, state, pod)
	nodes, err := snapshot.List()
	must(err)
	var fitting []fwk.NodeInfo
	for _, node := range nodes {
		name := node.Node().Name
		if !status.IsSuccess() {
			result.Refusals[name] = append([]string{status.Code().String()}, status.Reasons()...)
			continue
		}
		if !restriction.AllNodes() && !restriction.NodeNames.Has(name) {
			result.Refusals[name] = []string{"left out"}
			continue
		}
		if refusal := f.RunFilterPluginsWithNominatedPods(ctx, state, pod, node); !refusal.IsSuccess() {
			result.Refusals[name] = append([]string{refusal.Code().String()}, refusal.Reasons()...)
			continue
		}
		fitting = append(fitting, node)
	}
	if len(fitting) == 0 {
		return result
	}
	if preScore := f.RunPreScorePlugins(ctx, state, pod, fitting); !preScore.IsSuccess() {
		must(preScore.AsError())
	}
	scores, scored := f.RunScorePlugins(ctx, state, pod, fitting)
	if !scored.IsSuccess() {
		must(scored.AsError())
	}
	for _, score := range scores {
		byPlugin := map[string]int64{}
		for _, plugin := range score.Scores {
			if plugin.Score != 0 {
				byPlugin[plugin.Name] = plugin.Score
			}
		}
		result.Scores[score.Name] = byPlugin
	}
	return result
}
