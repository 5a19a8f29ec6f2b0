package config

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// FuzzParse checks that any text is either refused with lines that exist, or read, written and read again to the same
// settings.
func FuzzParse(f *testing.F) {
	f.Add(fullText)
	f.Add(ReferenceTOML())
	for _, r := range relations {
		f.Add(r.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		settings, err := Parse([]byte(text), "/srv/config.toml", rootHost())
		var all *Errors
		switch {
		case errors.As(err, &all):
			last := strings.Count(text, "\n") + 1
			for _, p := range all.Problems {
				if p.Line < 1 || p.Line > last || p.Text == "" {
					t.Errorf("got problem %+v, want a text and a line from 1 to %d", p, last)
				}
			}
		case err != nil:
			t.Errorf("got %T %v, want *Errors", err, err)
		default:
			readBack(t, settings)
		}
	})
}

func readBack(t *testing.T, want *Settings) {
	t.Helper()
	text, err := want.TOML()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse([]byte(text), want.File, rootHost())
	if err != nil {
		t.Fatalf("settings that were accepted are refused when shown: %v\n%s", err, text)
	}
	got.File = want.File
	if again, _ := got.TOML(); again != text || !reflect.DeepEqual(got.Healing, want.Healing) {
		t.Errorf("got:\n%s\nwant:\n%s", again, text)
	}
}
