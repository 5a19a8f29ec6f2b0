// Package shell judges shell programs by what their syntax tree says they do: destroy, run what was fetched or decoded,
// take rights, stay, hide, send secrets away. What it cannot resolve is unknown, and unknown is high.
//
// It runs nothing and reads nothing but its argument. A judgement is made by one goroutine; several may run at once.
package shell

import (
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/homeostat/homeostat/host/filekind"
	"github.com/homeostat/homeostat/host/screen/risk"
)

// maxDepth bounds programs within programs, as in sh -c "sh -c …".
const maxDepth = 8

// maxSteps bounds the statements that are looked at. It stops programs that were made to be unfolded for ever.
const maxSteps = 50_000

// Judge returns what the program does that a person might want to know of, by line. The dialect is bash, which contains
// that of sh.
func Judge(source string) []risk.Finding {
	steps := 0
	j := &judge{vars: map[string]string{}, others: map[string][]string{}, funcs: map[string]bool{}, fetched: map[string]bool{}, steps: &steps}
	j.program(source, 0)
	return risk.Tidy(j.found)
}

// judge walks one program.
type judge struct {
	vars    map[string]string   // what variables hold, with marks for what is not known
	funcs   map[string]bool     // functions that the program declares
	others  map[string][]string // what variables may hold as well, by the way that the program took
	fetched map[string]bool     // files that a download wrote
	offset  int                 // lines before this program
	depth   int
	branch  int  // how many conditions decide whether this runs
	steps   *int // statements looked at, those of inner programs included
	found   []risk.Finding
}

// program parses and judges a text; before is the number of lines in front of it.
func (j *judge) program(source string, before int) flow {
	if j.depth >= maxDepth || !filekind.Bounded(filekind.Shell, source) {
		j.add(before+1, finding{"shell.unknown", "a program too long or too deep to be judged", risk.High, false})
		return flow{text: string(unknown)}
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(source), "")
	if err != nil {
		j.add(before+1, finding{"shell.unknown", "a program that does not parse: " + err.Error(), risk.High, false})
		return flow{text: string(unknown)}
	}
	inner := *j
	inner.offset, inner.depth, inner.found = before, j.depth+1, nil
	out := inner.stmts(file.Stmts, flow{})
	j.found = append(j.found, inner.found...)
	return out
}

// finding is a risk.Finding without its line.
type finding struct {
	rule, text string
	level      risk.Level
	lasting    bool
}

func (j *judge) add(line int, f finding) {
	j.found = append(j.found, risk.Finding{Line: line, Rule: f.rule, Text: risk.Excerpt(f.text), Level: f.level, Lasting: f.lasting})
}

// at is the line of a node.
func (j *judge) at(n syntax.Node) int { return int(n.Pos().Line()) + j.offset }

// flow is what goes through a pipe: text with marks, and whether there is anything at all.
type flow struct {
	text string
	open bool // somebody writes into it
}

func (f flow) has(m mark) bool { return strings.ContainsRune(f.text, rune(m)) }

// static says that the whole text is known.
func (f flow) static() bool { return f.open && !strings.ContainsFunc(f.text, isMark) }

func (j *judge) stmts(list []*syntax.Stmt, in flow) flow {
	out := flow{}
	for _, s := range list {
		o := j.stmt(s, in)
		if o.open && len(out.text)+len(o.text) < maxValue {
			out = flow{out.text + o.text, true}
		}
	}
	return out
}

// stmt judges one statement and returns what it writes to its standard output.
func (j *judge) stmt(s *syntax.Stmt, in flow) flow {
	if *j.steps++; *j.steps > maxSteps {
		return flow{text: string(unknown), open: true}
	}
	in, redirected := j.redirects(s.Redirs, in)
	out := j.command(s.Cmd, in)
	for _, target := range redirected {
		j.write(j.at(s), target, out)
		if out.has(remote) {
			j.fetched[base(target)] = true
		}
		out = flow{}
	}
	return out
}

func (j *judge) command(c syntax.Command, in flow) flow {
	switch c := c.(type) {
	case *syntax.CallExpr:
		return j.callExpr(c, in)
	case *syntax.BinaryCmd:
		return j.binary(c, in)
	case *syntax.Block:
		return j.stmts(c.Stmts, in)
	case *syntax.Subshell:
		return j.stmts(c.Stmts, in)
	case *syntax.TimeClause:
		if c.Stmt != nil {
			return j.stmt(c.Stmt, in)
		}
	case *syntax.CoprocClause:
		return j.stmt(c.Stmt, in)
	case *syntax.FuncDecl:
		j.function(c)
	case *syntax.DeclClause:
		for _, a := range c.Args {
			j.assign(a)
		}
	case nil, *syntax.ArithmCmd, *syntax.LetClause, *syntax.TestDecl:
	default:
		return j.compound(c, in)
	}
	return flow{}
}

// compound judges commands that run, or not, by a condition.
func (j *judge) compound(c syntax.Command, in flow) flow {
	j.branch++
	defer func() { j.branch-- }()
	switch c := c.(type) {
	case *syntax.IfClause:
		out := flow{}
		for ; c != nil; c = c.Else {
			out = join(out, j.stmts(c.Cond, in), j.stmts(c.Then, in))
		}
		return out
	case *syntax.WhileClause:
		return join(j.stmts(c.Cond, in), j.stmts(c.Do, in))
	case *syntax.ForClause:
		return j.loop(c, in)
	case *syntax.CaseClause:
		out := flow{}
		for _, item := range c.Items {
			out = join(out, j.stmts(item.Stmts, in))
		}
		return out
	case *syntax.TestClause:
		syntax.Walk(c.X, func(n syntax.Node) bool {
			if w, ok := n.(*syntax.Word); ok {
				j.fields(w)
				return false
			}
			return true
		})
	}
	return flow{}
}

func join(flows ...flow) flow {
	out := flow{}
	for _, f := range flows {
		if len(out.text)+len(f.text) < maxValue {
			out = flow{out.text + f.text, out.open || f.open}
		}
	}
	return out
}

// maxTurns bounds how many values of a loop variable are tried.
const maxTurns = 8

func (j *judge) loop(c *syntax.ForClause, in flow) flow {
	words, ok := c.Loop.(*syntax.WordIter)
	if !ok {
		return j.stmts(c.Do, in)
	}
	values := j.fields(words.Items...)
	if len(values) == 0 || !words.InPos.IsValid() {
		values = []string{string(caller)}
	}
	out := flow{}
	for _, v := range values[:min(len(values), maxTurns)] {
		j.vars[words.Name.Value] = v
		out = join(out, j.stmts(c.Do, in))
	}
	return out
}

func (j *judge) binary(c *syntax.BinaryCmd, in flow) flow {
	left := j.stmt(c.X, in)
	if c.Op == syntax.Pipe || c.Op == syntax.PipeAll {
		left.open = true
		return j.stmt(c.Y, left)
	}
	if c.Op == syntax.OrStmt || c.Op == syntax.AndStmt {
		j.branch++
		defer func() { j.branch-- }()
	}
	return join(left, j.stmt(c.Y, in))
}

// function judges the body of a function where it is declared. One that starts itself twice is a fork bomb.
func (j *judge) function(c *syntax.FuncDecl) {
	calls, apart := 0, false
	syntax.Walk(c.Body, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			if len(n.Args) > 0 && n.Args[0].Lit() == c.Name.Value {
				calls++
			}
		case *syntax.Stmt:
			apart = apart || n.Background
		case *syntax.BinaryCmd:
			apart = apart || n.Op == syntax.Pipe
		}
		return true
	})
	if calls > 1 && apart {
		j.add(j.at(c), finding{"shell.exhaust", fmt.Sprintf("function %s starts itself over and over", c.Name.Value), risk.Critical, false})
	}
	j.funcs[c.Name.Value] = true
	j.branch++
	j.stmt(c.Body, flow{text: string(caller), open: true})
	j.branch--
}
