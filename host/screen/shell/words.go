package shell

import (
	"encoding/base64"
	"encoding/hex"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// mark is a rune of private use that stands, within the value of a word, for a text that is not known.
type mark rune

// What may stand for an unknown text.
const (
	unknown  mark = 0xE000 + iota // anything
	remote                        // came over the network
	scratch                       // the path of a fresh temporary file
	secret                        // read from where secrets are
	decoded                       // was made unreadable before
	caller                        // what the caller gave as arguments
	trusted                       // printed by a tool whose output is made to be evaluated
	nonempty                      // anything but nothing
	reached                       // paths that find printed; the text before it is where it looked
)

func isMark(r rune) bool { return r >= 0xE000 && r <= 0xE0FF }

// maxValue bounds what a variable or a pipe is thought to hold, in bytes.
const maxValue = 64 << 10

// usual are variables that mean the same nearly everywhere.
var usual = map[string]string{
	"IFS": " \t\n", "HOME": "/home/user", "SHELL": "/bin/bash", "BASH": "/bin/bash", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"SUDO": "sudo", "PYTHON": "python3", "CC": "gcc", "CXX": "g++", "GO": "go", "MAKE": "make", "EDITOR": "vi", "PAGER": "less", "TMPDIR": "/tmp",
	"DOCKER": "docker", "KUBECTL": "kubectl", "COMPOSE": "docker-compose", "NPM": "npm", "NODE": "node", "PIP": "pip", "GIT": "git", "VISUAL": "vi",
	"?": "0", "#": "1", "$": "4242", "!": "4243", "PPID": "4241", "RANDOM": "4", "LINENO": "1", "UID": "1000", "EUID": "1000", "SECONDS": "1",
	"OLDPWD": "/home/user", "-": "hB", "OSTYPE": "linux-gnu", "HOSTTYPE": "x86_64", "TMP": "/tmp", "BASH_VERSION": "5.2",
}

// Get tells what a variable holds; it is how package expand asks.
func (j *judge) Get(name string) expand.Variable {
	value, ok := j.vars[name]
	if !ok {
		value, ok = usual[name]
	}
	switch user, isHome := strings.CutPrefix(name, "HOME "); {
	case ok:
	case isHome && user == "root":
		value = "/root"
	case isHome:
		value = "/home/" + user
	case name == "@" || name == "*" || (len(name) == 1 && name[0] >= '0' && name[0] <= '9'):
		value = string(caller)
	default:
		value = string(unknown)
	}
	return expand.Variable{Set: true, Kind: expand.String, Str: value}
}

// Each has nothing to tell: no program is started.
func (*judge) Each(func(string, expand.Variable) bool) {}

// Set keeps what ${x:=value} assigns.
func (j *judge) Set(name string, v expand.Variable) error {
	j.vars[name] = clip(v.String())
	return nil
}

func clip(value string) string {
	if len(value) > maxValue {
		return string(unknown)
	}
	return value
}

// fields are the arguments into which words turn. Pathnames are not matched: the patterns stay.
func (j *judge) fields(words ...*syntax.Word) (fields []string) {
	for _, w := range words {
		fields = append(fields, j.word(w)...)
	}
	return fields
}

func (j *judge) word(w *syntax.Word) (fields []string) {
	if multiplies(w) {
		return []string{string(unknown)}
	}
	// The expansion panics on some trees that the parser accepts. Then the word is unknown.
	defer func() {
		if recover() != nil {
			fields = []string{string(unknown)}
		}
	}()
	fields, err := expand.Fields(j.config(), w)
	if err != nil {
		return []string{string(unknown)}
	}
	demanded := demands(w)
	for i, f := range fields {
		fields[i] = clip(f)
		if demanded {
			fields[i] = strings.ReplaceAll(f, string(unknown), string(nonempty))
		}
	}
	return fields
}

// text is the value of a word that is not split: an assignment, a here-document.
func (j *judge) text(w *syntax.Word) (value string) {
	if w == nil {
		return ""
	}
	if multiplies(w) {
		return string(unknown)
	}
	defer func() { // as in word
		if recover() != nil {
			value = string(unknown)
		}
	}()
	expansion := expand.Literal
	if isDocument(w) {
		expansion = expand.Document
	}
	value, err := expansion(j.config(), w)
	if err != nil {
		return string(unknown)
	}
	return clip(value)
}

// isDocument says that quotes within the word are text, as in the body of a here-document.
func isDocument(w *syntax.Word) bool {
	return slices.ContainsFunc(w.Parts, func(p syntax.WordPart) bool {
		lit, ok := p.(*syntax.Lit)
		return ok && strings.Contains(lit.Value, "\n")
	})
}

func (j *judge) config() *expand.Config {
	return &expand.Config{Env: j, CmdSubst: j.substitute, ProcSubst: func(p *syntax.ProcSubst) (string, error) {
		out := j.stmts(p.Stmts, flow{text: string(unknown), open: true})
		if p.Op == syntax.CmdIn {
			return "/dev/fd/" + out.text, nil
		}
		return "/dev/fd/" + string(unknown), nil
	}}
}

// substitute gives what $(…) is thought to print.
func (j *judge) substitute(w io.Writer, c *syntax.CmdSubst) error {
	out := j.stmts(c.Stmts, flow{})
	if out.text == "" {
		out.text = string(unknown)
	}
	_, err := io.WriteString(w, clip(out.text))
	return err
}

// maxBraces bounds the brace expansions of a word: each may double it.
const maxBraces = 6

// multiplies says that a word might turn into very many.
func multiplies(w *syntax.Word) bool {
	braces := 0
	for _, p := range w.Parts {
		if lit, ok := p.(*syntax.Lit); ok {
			braces += strings.Count(lit.Value, "{")
			if strings.Contains(lit.Value, "{") && strings.Contains(lit.Value, "..") {
				return true
			}
		}
	}
	return braces > maxBraces
}

// demands says that a word has ${x:?}: the program ends there when x is empty.
func demands(w *syntax.Word) bool {
	found := false
	syntax.Walk(w, func(n syntax.Node) bool {
		if p, ok := n.(*syntax.ParamExp); ok && p.Exp != nil && (p.Exp.Op == syntax.ErrorUnset || p.Exp.Op == syntax.ErrorUnsetOrNull) {
			found = true
		}
		return true
	})
	return found
}

// maxOthers bounds the values of a variable that are tried.
const maxOthers = 4

// assign keeps what a variable is given. Where a condition decides, the value before stays possible.
func (j *judge) assign(a *syntax.Assign) {
	if a.Name == nil || a.Naked {
		return
	}
	name := a.Name.Value
	value := j.text(a.Value)
	if a.Array != nil {
		var items []string
		for _, e := range a.Array.Elems {
			if e.Value != nil {
				items = append(items, j.fields(e.Value)...)
			}
		}
		value = strings.Join(items, " ")
	}
	old, had := j.vars[name]
	switch {
	case a.Append:
		value = old + value
	case j.branch > 0 && had && old != value && old != "" && len(j.others[name]) < maxOthers:
		j.others[name] = append(j.others[name], old)
	case j.branch > 0 && had && old != value && old != "":
		value = string(unknown)
	case j.branch == 0:
		delete(j.others, name)
	}
	j.vars[name] = clip(value)
	j.loader(j.at(a), name, value)
}

// unescape is what printf and echo -e make of backslashes.
func unescape(text string) string {
	w := &syntax.Word{Parts: []syntax.WordPart{&syntax.SglQuoted{Dollar: true, Value: text}}}
	out, err := expand.Literal(&expand.Config{}, w)
	if err != nil {
		return string(unknown)
	}
	return out
}

// decode reads base64 or hexadecimal text. What is no text is unknown.
func decode(tool, text string) string {
	text = strings.Join(strings.Fields(text), "")
	var out []byte
	var err error
	if tool == "xxd" {
		out, err = hex.DecodeString(text)
	} else {
		out, err = base64.StdEncoding.DecodeString(text)
	}
	if err != nil || !utf8.Valid(out) {
		return string(unknown)
	}
	return string(out)
}

func base(p string) string { return p[strings.LastIndexByte(p, '/')+1:] }
