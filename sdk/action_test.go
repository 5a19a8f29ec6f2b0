package sdk

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

var allActions = []Action{
	Start{Component: "web"},
	Stop{Component: "web", Grace: time.Second},
	Restart{Component: "web", Grace: 2 * time.Second},
	Reload{Component: "web"},
	SetParameters{Component: "web", Values: map[string]Value{"workers": {Number: 4}, "mode": {Choice: "fast"}}},
	SubmitChange{Root: "shop", Reason: "why", Files: []FileChange{{Path: "a", Content: []byte{0, 1}}, {Path: "b", Delete: true}}},
	RollbackChange{Change: "mod_1"},
	OpenLink{From: "web", To: "store"},
	CloseLink{From: "web", To: "store"},
	RunDeclared{Component: "web", Name: "drain"},
	Wait{Component: "web", For: time.Second},
	HandOver{Component: "web", Message: "look"},
}

func TestProposalOfEveryActionSurvivesJSON(t *testing.T) {
	if len(allActions) != len(blankActions) {
		t.Fatalf("the table has %d actions, the set %d", len(allActions), len(blankActions))
	}
	want := Proposal{Actions: allActions, Reason: "because", Confidence: 0.5, NotBefore: time.Unix(5, 0).UTC(), Probing: true}
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Proposal
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestEveryActionOfTheTableIsValid(t *testing.T) {
	for _, a := range allActions {
		if err := a.Validate(); err != nil {
			t.Errorf("%s: %v", a.Kind(), err)
		}
		if a.Target() == "" {
			t.Errorf("%s: no target", a.Kind())
		}
	}
}

func TestInvalidProposalsAreRefused(t *testing.T) {
	cases := map[string]Proposal{
		"missing action": {Actions: []Action{nil}},
		"no component":   {Actions: []Action{Restart{}}},
		"negative grace": {Actions: []Action{Restart{Component: "web", Grace: -1}}},
		"endless wait":   {Actions: []Action{Wait{Component: "web", For: 2 * MaxWait}}},
		"no wait":        {Actions: []Action{Wait{Component: "web"}}},
		"no values":      {Actions: []Action{SetParameters{Component: "web"}}},
		"no files":       {Actions: []Action{SubmitChange{Root: "shop"}}},
		"one-ended link": {Actions: []Action{OpenLink{From: "web"}}},
		"nan confidence": {Confidence: math.NaN()},
		"long reason":    {Reason: strings.Repeat("x", MaxText+1)},
		"too many":       {Actions: make([]Action, MaxActions+1)},
	}
	for name, p := range cases {
		if err := p.Validate(); err == nil {
			t.Errorf("%s: accepted %+v", name, p)
		}
	}
}

func FuzzUnmarshalAction(f *testing.F) {
	for _, a := range allActions {
		data, err := MarshalAction(a)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"kind":"rm","args":{}}`))
	f.Add([]byte(`{"kind":"restart","args":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := UnmarshalAction(data)
		if err != nil {
			return
		}
		again, err := MarshalAction(a)
		if err != nil {
			t.Fatalf("%+v was read but cannot be written: %v", a, err)
		}
		if b, err := UnmarshalAction(again); err != nil || b.Kind() != a.Kind() {
			t.Fatalf("%s: second reading gave %v, %v", again, b, err)
		}
	})
}
