package config

import (
	"strings"
	"testing"
)

const twoComponents = `
[[component]]
name = "web"
command = ["web"]
[[component]]
name = "store"
command = ["store"]
[[link]]
from = "web"
to = "store"
`

func TestWrongLinksAreRefusedByKey(t *testing.T) {
	for lines, want := range map[string]string{
		"listen = \"127.0.0.1:9200\"":                                                         "needs target as well",
		"target = \"127.0.0.1:9200\"":                                                         "needs listen as well",
		"listen = \"127.0.0.1:9200\"\ntarget = \"127.0.0.1:9200\"":                            "connect to itself",
		"listen = \"127.0.0.1:8080\"\ntarget = \"127.0.0.1:9201\"":                            "declared already",
		"open_command = [\"a\"]":                                                              "needs close_command as well",
		"open_command = [\"\"]\nclose_command = [\"a\"]":                                      "program is empty",
		"max_connections = 0\nlisten = \"a:1\"\ntarget = \"a:2\"":                             "max_connections",
		"retry = \"0s\"\nlisten = \"a:1\"\ntarget = \"a:2\"":                                  "retry",
		"listen = \"a:1\"\ntarget = \"a:2\"\nopen_command = [\"a\"]\nclose_command = [\"b\"]": "for links without listen",
	} {
		found := problemsOf(t, twoComponents+lines, rootHost())
		if !strings.Contains(strings.Join(found, "\n"), want) {
			t.Errorf("link with %q: got %q, want a problem that says %q", lines, found, want)
		}
	}
}

func TestLinkWithProxyOrCommandsIsTaken(t *testing.T) {
	for _, lines := range []string{
		"listen = \"127.0.0.1:9200\"\ntarget = \"127.0.0.1:9201\"\ntype = \"http\"\nretry = \"3s\"",
		"open_command = [\"./link\", \"off\"]\nclose_command = [\"./link\", \"on\"]",
		"",
	} {
		if found := problemsOf(t, twoComponents+lines, rootHost()); len(found) > 0 {
			t.Errorf("link with %q: got %q, want no problem", lines, found)
		}
	}
}
