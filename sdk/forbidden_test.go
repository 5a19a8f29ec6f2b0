package sdk_test

import (
	"testing"

	"github.com/homeostat/homeostat/sdk"
)

func TestForbiddenHoldsWhenAllItsConditionsDo(t *testing.T) {
	many := sdk.Condition{Parameter: "workers", Is: sdk.CompareAtLeast, Value: sdk.Value{Number: 32}}
	off := sdk.Condition{Parameter: "cache", Is: sdk.CompareEqual, Value: sdk.Value{Choice: "off"}}
	above := sdk.Condition{Parameter: "workers", Is: sdk.CompareAbove, Other: "connections"}
	values := func(workers, connections float64, cache string) map[string]sdk.Value {
		return map[string]sdk.Value{"workers": {Number: workers}, "connections": {Number: connections}, "cache": {Choice: cache}}
	}
	cases := map[string]struct {
		all    []sdk.Condition
		values map[string]sdk.Value
		want   bool
	}{
		"both hold":               {[]sdk.Condition{many, off}, values(32, 0, "off"), true},
		"one of two":              {[]sdk.Condition{many, off}, values(32, 0, "on"), false},
		"more than the other":     {[]sdk.Condition{above}, values(9, 8, ""), true},
		"as many as the other":    {[]sdk.Condition{above}, values(8, 8, ""), false},
		"the parameter is absent": {[]sdk.Condition{many}, nil, false},
		"the other is absent":     {[]sdk.Condition{above}, map[string]sdk.Value{"workers": {Number: 9}}, false},
		"no conditions":           {nil, values(32, 0, "off"), false},
		"unknown comparison":      {[]sdk.Condition{{Parameter: "workers", Is: "~"}}, values(0, 0, ""), false},
	}
	for name, c := range cases {
		if got := (sdk.Forbidden{All: c.all}).Holds(c.values); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
	if got := (sdk.Forbidden{All: []sdk.Condition{many, off, above}}).String(); got != "workers >= 32 and cache = off and workers > connections" {
		t.Errorf("got %q", got)
	}
}

func TestNumbersCompareAsTheirSignsSay(t *testing.T) {
	for is, want := range map[sdk.Comparison][3]bool{ // below, equal, above
		sdk.CompareEqual: {false, true, false}, sdk.CompareUnequal: {true, false, true},
		sdk.CompareBelow: {true, false, false}, sdk.CompareAtMost: {true, true, false},
		sdk.CompareAbove: {false, false, true}, sdk.CompareAtLeast: {false, true, true},
	} {
		for i, number := range []float64{4, 5, 6} {
			f := sdk.Forbidden{All: []sdk.Condition{{Parameter: "n", Is: is, Value: sdk.Value{Number: 5}}}}
			if got := f.Holds(map[string]sdk.Value{"n": {Number: number}}); got != want[i] {
				t.Errorf("%v %s 5: got %v, want %v", number, is, got, want[i])
			}
		}
	}
}
