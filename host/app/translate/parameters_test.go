package translate

import (
	"reflect"
	"testing"

	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/sdk"
)

const declared = `
[[component]]
name = "web"
command = ["./web"]
[[component.parameter]]
name = "workers"
type = "int"
min = 1
max = 64
default = 8
max_step = 8
file = "f"
key = "k"
[[component.parameter]]
name = "fast"
type = "bool"
default = true
file = "f"
key = "k"
[[component.parameter]]
name = "cache"
type = "choice"
choices = ["on", "off"]
default = "on"
file = "f"
key = "k"
[[component.forbid]]
all = ["workers >= 32", "workers > workers", "fast = true", "cache != off"]
reason = "why"
`

func TestParametersAndForbiddenCombinationsReachPluginsAsDeclared(t *testing.T) {
	settings, err := config.Parse([]byte(declared), "/etc/homeostat/config.toml", config.Host{Root: true})
	if err != nil {
		t.Fatal(err)
	}
	c := settings.Components[0]
	want := []sdk.Parameter{
		{Component: "web", Name: "workers", Type: sdk.TypeInt, Min: 1, Max: 64, MaxStep: 8, Default: sdk.Value{Number: 8}},
		{Component: "web", Name: "fast", Type: sdk.TypeBool, Max: 1, Default: sdk.Value{Number: 1}},
		{Component: "web", Name: "cache", Type: sdk.TypeChoice, Choices: []string{"on", "off"}, Default: sdk.Value{Choice: "on"}},
	}
	if got := Parameters(c); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	forbidden := []sdk.Forbidden{{Reason: "why", All: []sdk.Condition{
		{Parameter: "workers", Is: sdk.CompareAtLeast, Value: sdk.Value{Number: 32}},
		{Parameter: "workers", Is: sdk.CompareAbove, Other: "workers"},
		{Parameter: "fast", Is: sdk.CompareEqual, Value: sdk.Value{Number: 1}},
		{Parameter: "cache", Is: sdk.CompareUnequal, Value: sdk.Value{Choice: "off"}},
	}}}
	if got := Forbidden(c); !reflect.DeepEqual(got, forbidden) {
		t.Errorf("got  %+v\nwant %+v", got, forbidden)
	}
}
