package main

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/conversion"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

var (
	group = "runtime.minik.example"
	v1    = schema.GroupVersion{Group: group, Version: "v1"}
	alpha = schema.GroupVersion{Group: group, Version: "v1alpha1"}
)

type Spec struct {
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Soil   string `json:"soil,omitempty"`
}

type Status struct {
	Area       int                `json:"area,omitempty"`
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Garden is the stored version.
type Garden struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              Spec   `json:"spec"`
	Status            Status `json:"status,omitempty"`
}

type GardenList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Garden `json:"items"`
}

type AlphaSpec struct {
	// Size is width x height.
	Size string `json:"size"`
	Soil string `json:"soil,omitempty"`
}

// AlphaGarden is v1alpha1, which a webhook converts.
type AlphaGarden struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              AlphaSpec `json:"spec"`
}

type AlphaGardenList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AlphaGarden `json:"items"`
}

func (g *Garden) DeepCopyObject() runtime.Object {
	made := &Garden{TypeMeta: g.TypeMeta, ObjectMeta: *g.ObjectMeta.DeepCopy(), Spec: g.Spec, Status: g.Status}
	made.Status.Conditions = append([]metav1.Condition(nil), g.Status.Conditions...)
	return made
}

func (l *GardenList) DeepCopyObject() runtime.Object {
	made := &GardenList{TypeMeta: l.TypeMeta, ListMeta: *l.ListMeta.DeepCopy()}
	for index := range l.Items {
		made.Items = append(made.Items, *l.Items[index].DeepCopyObject().(*Garden))
	}
	return made
}

func (g *AlphaGarden) DeepCopyObject() runtime.Object {
	return &AlphaGarden{TypeMeta: g.TypeMeta, ObjectMeta: *g.ObjectMeta.DeepCopy(), Spec: g.Spec}
}

func (l *AlphaGardenList) DeepCopyObject() runtime.Object {
	made := &AlphaGardenList{TypeMeta: l.TypeMeta, ListMeta: *l.ListMeta.DeepCopy()}
	for index := range l.Items {
		made.Items = append(made.Items, *l.Items[index].DeepCopyObject().(*AlphaGarden))
	}
	return made
}

func (*Garden) Hub() {}

func (g *AlphaGarden) ConvertTo(hub conversion.Hub) error {
	made := hub.(*Garden)
	made.ObjectMeta, made.Spec.Soil = g.ObjectMeta, g.Spec.Soil
	if _, err := fmt.Sscanf(g.Spec.Size, "%dx%d", &made.Spec.Width, &made.Spec.Height); err != nil {
		return fmt.Errorf("%q is no size", g.Spec.Size)
	}
	return nil
}

func (g *AlphaGarden) ConvertFrom(hub conversion.Hub) error {
	from := hub.(*Garden)
	g.ObjectMeta, g.Spec.Soil = from.ObjectMeta, from.Spec.Soil
	g.Spec.Size = fmt.Sprintf("%dx%d", from.Spec.Width, from.Spec.Height)
	return nil
}

// rules default and check gardens.
type rules struct{}

func (rules) Default(_ context.Context, garden *Garden) error {
	if garden.Spec.Soil == "" {
		garden.Spec.Soil = "loam"
	}
	return nil
}

func (rules) ValidateCreate(_ context.Context, garden *Garden) (admission.Warnings, error) {
	if garden.Spec.Width > 0 {
		return admission.Warnings{"gardens make work"}, nil
	}
	path := field.NewPath("spec", "width")
	problems := field.ErrorList{field.Invalid(path, garden.Spec.Width, "a garden has a width")}
	return nil, apierrors.NewInvalid(v1.WithKind("Garden").GroupKind(), garden.Name, problems)
}

func (rules) ValidateUpdate(_ context.Context, before, after *Garden) (admission.Warnings, error) {
	if before.Spec.Soil != after.Spec.Soil {
		return nil, fmt.Errorf("the soil was %s", before.Spec.Soil)
	}
	return nil, nil
}

func (rules) ValidateDelete(_ context.Context, garden *Garden) (admission.Warnings, error) {
	if garden.Labels["fenced"] == "yes" {
		return nil, fmt.Errorf("%s is fenced", garden.Name)
	}
	return nil, nil
}
