package sandbox_test

import (
	"strings"
	"testing"

	"github.com/homeostat/homeostat/sandbox"
)

func TestFindingsAreTakenFromTheContractsLinesAlone(t *testing.T) {
	got := sandbox.ParseFindings([]byte(`plain text
{"path":"a.toml","line":3,"level":"error","message":"bad"}
  {"level":"info","message":"indented"}
{"level":"fatal","message":"unknown level"}
{"level":"error","message":""}
{"level":"error","message":"negative","line":-1}
{"level":"error"
["level"]
`))
	if len(got) != 2 || got[0] != (sandbox.Finding{Path: "a.toml", Line: 3, Level: "error", Message: "bad"}) || got[1].Message != "indented" {
		t.Fatalf("got %+v", got)
	}
}

func TestFindingsAreBounded(t *testing.T) {
	line := `{"level":"error","message":"again"}` + "\n"
	if got := len(sandbox.ParseFindings([]byte(strings.Repeat(line, 5000)))); got != 1000 {
		t.Errorf("got %d findings, want 1000", got)
	}
}

func FuzzParseFindings(f *testing.F) {
	f.Add([]byte(`{"path":"a","line":1,"level":"error","message":"m"}`))
	f.Add([]byte("{\n{}\n{\"level\":1}"))
	f.Fuzz(func(t *testing.T, out []byte) {
		for _, one := range sandbox.ParseFindings(out) {
			if one.Message == "" || one.Line < 0 || !strings.Contains("error warning info", one.Level) {
				t.Errorf("from %q: %+v", out, one)
			}
		}
	})
}
