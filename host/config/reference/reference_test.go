package reference

import "testing"

// settings has one table of each shape.
type settings struct {
	Log  entry            `toml:"log" doc:"What is written."`
	List []entry          `toml:"list" doc:"More."`
	Free map[string]entry `toml:"free" place:"some" doc:"Others."`
}

type entry struct {
	Level string   `toml:"level" default:"a" oneof:"a|b" doc:"One | the other."`
	Name  string   `toml:"name" required:"true" example:"\"x\"" doc:"Its name."`
	Days  int      `toml:"days" default:"7" min:"1" max:"9" doc:"How long."`
	Dir   string   `toml:"dir" default:"" otherwise:"the home" doc:"Where."`
	Needs []string `toml:"needs" oneof:"p|q" doc:"What must be there."`
}

const rows = "| key | values | default | meaning |\n|---|---|---|---|\n" +
	"| `level` | `a`, `b` | `\"a\"` | One \\| the other. |\n" +
	"| `name` | string | required | Its name. |\n" +
	"| `days` | integer, 1 to 9 | `7` | How long. |\n" +
	"| `dir` | string | the home | Where. |\n" +
	"| `needs` | any of `p`, `q` | none | What must be there. |\n"

func TestMarkdownHasASectionForEachTable(t *testing.T) {
	want := "## `[log]`\n\nWhat is written.\n\n" + rows + "\n## `[[list]]`\n\nMore.\n\n" + rows + "\n## `[free.NAME]`\n\nOthers.\n\n" + rows
	if got := Markdown(&settings{}); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

const lines = "# One | the other. (a, b)\n#level = \"a\"\n# Its name. (string; required)\n#name = \"x\"\n# How long. (integer, 1 to 9)\n#days = 7\n" +
	"# Where. (string; otherwise the home)\n#dir = \"\"\n# What must be there. (any of p, q)\n#needs = []\n"

func TestCommentedFileShowsDefaultsAndExamples(t *testing.T) {
	want := "# What is written.\n#[log]\n" + lines + "\n# More.\n#[[list]]\n" + lines + "\n# Others.\n#[free.some]\n" + lines
	if got := Commented(&settings{}); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
