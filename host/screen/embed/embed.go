// Package embed finds shell programs within other files: the Exec lines of units, cron jobs, RUN of Dockerfiles, run
// and command keys of YAML, recipes of makefiles. It also says when they run by themselves.
//
// It is pure and may be used from several goroutines.
package embed

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/homeostat/homeostat/host/filekind"
	"github.com/homeostat/homeostat/host/screen/pattern"
)

// Program is a shell program and the line on which it begins, from 1.
type Program struct {
	Line int
	Text string
}

// Programs returns the shell programs of a file, in order. The error tells why a file of that kind could not be read.
func Programs(kind filekind.Kind, text string) ([]Program, error) {
	switch kind {
	case filekind.Unit:
		return unit(text), nil
	case filekind.Crontab:
		return cron(text, 5), nil
	case filekind.SystemCron:
		return cron(text, 6), nil
	case filekind.Dockerfile:
		return docker(text), nil
	case filekind.Makefile:
		return recipes(text), nil
	case filekind.YAML:
		return yaml(text)
	}
	return nil, nil
}

// logical joins lines that end in a backslash, and gives each the number of its first.
func logical(text string) []Program {
	var out []Program
	open := false
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		body := strings.TrimSuffix(line, `\`)
		if open {
			if !strings.HasPrefix(strings.TrimSpace(line), "#") {
				out[len(out)-1].Text += "\n" + body
			}
		} else {
			out = append(out, Program{i + 1, body})
		}
		open = strings.HasSuffix(line, `\`) || (open && strings.HasPrefix(strings.TrimSpace(line), "#"))
	}
	return out
}

// joinLines undoes what logical kept of line ends, so that the shell sees one line.
func joinLines(p Program) Program {
	p.Text = strings.ReplaceAll(p.Text, "\n", "\\\n")
	return p
}

var execLine = pattern.New(`^\s*Exec(Start|StartPre|StartPost|Stop|StopPost|Reload|Condition)\s*=\s*[-@:+!|]*(.*)$`)

func unit(text string) []Program {
	var out []Program
	for _, line := range logical(text) {
		joined := joinLines(line)
		if m := execLine.FindStringSubmatch(strings.SplitN(joined.Text, "\n", 2)[0]); m != nil && strings.TrimSpace(m[2]) != "" {
			rest := strings.TrimPrefix(joined.Text, strings.SplitN(joined.Text, "\n", 2)[0])
			out = append(out, Program{line.Line, unitSpecifiers.Replace(m[2] + rest)})
		}
	}
	return out
}

// unitSpecifiers are what systemd puts in before it starts a command; %% is a percent sign.
var unitSpecifiers = strings.NewReplacer("%%", "%", "%i", "instance", "%I", "instance", "%n", "unit", "%N", "unit", "%t", "/run", "%h", "/root", "%S", "/var/lib", "%C", "/var/cache", "%L", "/var/log", "$$", "$")

var cronSetting = pattern.New(`^\s*[A-Za-z_][A-Za-z0-9_]*\s*=`)

func cron(text string, columns int) []Program {
	var out []Program
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || trimmed[0] == '#' || cronSetting.MatchString(line) {
			continue
		}
		skip := columns
		if trimmed[0] == '@' {
			skip -= 4
		}
		if rest := after(trimmed, skip); rest != "" {
			// The first percent sign that is not escaped ends the command; what follows is its input.
			rest, input, has := strings.Cut(strings.ReplaceAll(rest, `\%`, "\x01"), "%")
			if has {
				rest = "printf '%s' '" + strings.ReplaceAll(input, "'", "") + "' | " + rest
			}
			out = append(out, Program{i + 1, strings.ReplaceAll(rest, "\x01", "%")})
		}
	}
	return out
}

// after is what follows that many words.
func after(text string, words int) string {
	for range words {
		i := strings.IndexAny(text, " \t")
		if i < 0 {
			return ""
		}
		text = strings.TrimLeft(text[i:], " \t")
	}
	return text
}

var dockerLine = pattern.New(`(?is)^\s*(ONBUILD\s+)?(RUN|CMD|ENTRYPOINT|HEALTHCHECK\s.*?CMD)\s+(.*)$`)
var dockerFlag = pattern.New(`^(--\S+\s+)+`)
var heredoc = pattern.New(`^<<-?["']?(\w+)["']?\s*$`)

func docker(text string) []Program {
	var out []Program
	end := ""
	for _, line := range logical(text) {
		if end != "" {
			if strings.TrimSpace(line.Text) == end {
				end = ""
			} else {
				out[len(out)-1].Text += line.Text + "\n"
			}
			continue
		}
		m := dockerLine.FindStringSubmatch(joinLines(line).Text)
		if m == nil {
			continue
		}
		body := dockerFlag.ReplaceAllString(strings.TrimSpace(m[3]), "")
		var list []string
		switch {
		case heredoc.MatchString(body):
			end = heredoc.FindStringSubmatch(body)[1]
			body = "\n"
		case strings.HasPrefix(body, "[") && json.Unmarshal([]byte(body), &list) == nil:
			body = quote(list)
		}
		out = append(out, Program{line.Line, body})
	}
	return out
}

// quote writes arguments as a shell would need them.
func quote(list []string) string {
	var words []string
	for _, w := range list {
		words = append(words, "'"+strings.ReplaceAll(w, "'", `'\''`)+"'")
	}
	return strings.Join(words, " ")
}

func recipes(text string) []Program {
	var out []Program
	for _, line := range logical(text) {
		if body, ok := strings.CutPrefix(line.Text, "\t"); ok {
			body = strings.TrimLeft(body, "@-+ ")
			if strings.TrimSpace(body) != "" {
				out = append(out, Program{line.Line, makeVariables.Replace(strings.ReplaceAll(body, "\n", "\\\n"))})
			}
		}
	}
	return out
}

// makeVariables turns what make puts in into variables of the shell that nobody set, so that they stay unknown.
var makeVariables = strings.NewReplacer("$$", "$", "$@", "target", "$<", "source", "$^", "sources")

// runs are keys whose value is a shell program: workflows, playbooks, compose files, pipelines, cloud-init.
var runs = map[string]bool{
	"run": true, "script": true, "before_script": true, "after_script": true, "shell": true, "ansible.builtin.shell": true, "command": true, "ansible.builtin.command": true, "cmd": true, "runcmd": true, "bootcmd": true,
	"entrypoint": true, "args": true, "commands": true, "test": true, "exec": true, "raw": true, "install": true, "cmds": true, "bash": true, "lifecycle": false,
}

// yaml finds the programs of a YAML file. Its parser is not ours: one that panics is an error.
func yaml(text string) (found []Program, err error) {
	defer func() {
		if p := recover(); p != nil {
			found, err = nil, fmt.Errorf("the parser gave up: %v", p)
		}
	}()
	if !filekind.Bounded(filekind.YAML, text) {
		return nil, errBounds
	}
	file, err := parser.ParseBytes([]byte(text), 0)
	if err != nil {
		return nil, err
	}
	v := &visitor{}
	for _, doc := range file.Docs {
		if doc.Body != nil {
			ast.Walk(v, doc.Body)
		}
	}
	return v.found, nil
}

var errBounds = errors.New("too long or too deep for the parser")

// visitor collects the values of the keys that are run.
type visitor struct{ found []Program }

// Visit looks at one node; it is how the parser walks.
func (v *visitor) Visit(n ast.Node) ast.Visitor {
	if pair, ok := n.(*ast.MappingValueNode); ok && pair.Key != nil && runs[strings.Trim(pair.Key.String(), `"' `)] {
		v.value(pair.Value)
	}
	return v
}

func (v *visitor) value(n ast.Node) {
	switch n := n.(type) {
	case *ast.StringNode:
		v.add(n, n.Value)
	case *ast.LiteralNode:
		if n.Value != nil {
			v.add(n, n.Value.Value)
		}
	case *ast.SequenceNode:
		var words []string
		for _, item := range n.Values {
			if s, ok := item.(*ast.StringNode); ok {
				words = append(words, s.Value)
			}
		}
		if n.IsFlowStyle || isCommand(words) {
			v.add(n, quote(words))
			return
		}
		for _, item := range n.Values {
			v.value(item)
		}
	}
}

// isCommand says that a list is the words of one command rather than a list of commands.
func isCommand(words []string) bool {
	return len(words) > 1 && !strings.Contains(words[0], " ") && (strings.HasPrefix(words[1], "-") || words[0] == "CMD-SHELL")
}

// expression is what a workflow puts in before the shell sees it.
var expression = pattern.New(`\$?\{\{.*?\}\}`)

func (v *visitor) add(n ast.Node, text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	line := 1
	if t := n.GetToken(); t != nil && t.Position != nil {
		line = t.Position.Line
	}
	if literal, ok := n.(*ast.LiteralNode); ok && literal.Start != nil {
		line = literal.Start.Position.Line + 1 // the text begins below its mark
	}
	v.found = append(v.found, Program{max(1, line), expression.ReplaceAllString(text, "VALUE")})
}
