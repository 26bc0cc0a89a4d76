// Package main: what the programs of scripts/clients in Go share. They report in the lines that
// scripts/clients/report.ts reads.
package main

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"runtime/debug"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

var namespace = os.Getenv("CLIENT_NAMESPACE")

// expect ends a check; run recovers.
func expect(actual, wanted any) {
	if !reflect.DeepEqual(actual, wanted) {
		panic(fmt.Errorf("%v instead of %v", actual, wanted))
	}
}

func must[T any](value T, err error) T {
	no(err)
	return value
}

func no(err error) {
	if err != nil {
		panic(err)
	}
}

// eventually repeats what panics until it does not, or the check's time is over.
func eventually(ctx context.Context, probe func()) {
	for {
		problem := attempt(probe)
		if problem == nil {
			return
		}
		select {
		case <-ctx.Done():
			panic(problem)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func attempt(probe func()) (problem any) {
	defer func() { problem = recover() }()
	probe()
	return nil
}

// ownConfig is what KUBECONFIG says.
func ownConfig() *rest.Config {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	return must(clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig())
}

type check struct {
	name string
	body func(context.Context)
}

// run reports one check; false when it failed.
func run(check check) (passed bool) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	defer func() {
		if problem := recover(); problem != nil {
			fmt.Fprintf(os.Stderr, "%v\n%s", problem, debug.Stack())
			fmt.Printf("not ok %s: %v\n", check.name, problem)
			passed = false
		}
	}()
	check.body(ctx)
	fmt.Println("ok", check.name)
	return true
}

// report runs the checks one after another, and ends the process.
func report(checks ...check) {
	code := 0
	for _, check := range checks {
		if !run(check) {
			code = 1
		}
	}
	os.Exit(code)
}
