package syntax

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/goccy/go-yaml"
	yamlparser "github.com/goccy/go-yaml/parser"
	"mvdan.cc/sh/v3/syntax"
)

// maxProblems bounds what is told of one file.
const maxProblems = 20

func goFile(content []byte) []Problem {
	_, err := parser.ParseFile(token.NewFileSet(), "", content, parser.SkipObjectResolution|parser.AllErrors)
	var list scanner.ErrorList
	if err != nil && !errors.As(err, &list) {
		return []Problem{{0, err.Error()}}
	}
	var problems []Problem
	for _, e := range list[:min(len(list), maxProblems)] {
		problems = append(problems, Problem{e.Pos.Line, e.Msg})
	}
	return problems
}

func jsonFile(content []byte) []Problem {
	decoder := json.NewDecoder(bytes.NewReader(content))
	var value any
	if err := decoder.Decode(&value); err != nil {
		at := int(decoder.InputOffset())
		var wrong *json.SyntaxError
		if errors.As(err, &wrong) {
			at = int(wrong.Offset)
		} else {
			at = max(at, len(content))
		}
		return []Problem{{lineAt(content, at), err.Error()}}
	}
	rest := bytes.TrimSpace(content[decoder.InputOffset():])
	if len(rest) > 0 {
		return []Problem{{lineAt(content, len(content)-len(bytes.TrimLeft(content[decoder.InputOffset():], " \t\r\n"))+1), "text after the end of the value"}}
	}
	return nil
}

// lineAt is the line of a byte, from 1.
func lineAt(content []byte, offset int) int {
	return 1 + bytes.Count(content[:min(max(0, offset-1), len(content))], []byte("\n"))
}

func tomlFile(content []byte) []Problem {
	var value map[string]any
	_, err := toml.Decode(string(content), &value)
	var wrong toml.ParseError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return []Problem{{wrong.Position.Line, wrong.Message}}
	}
	return []Problem{{0, err.Error()}}
}

// yamlFile parses each document, and decodes it so that a key given twice is found.
func yamlFile(content []byte) []Problem {
	file, err := yamlparser.ParseBytes(content, 0)
	if err == nil && templated(content) {
		return nil
	}
	for i := 0; err == nil && i < len(file.Docs); i++ {
		var value any
		if body := file.Docs[i].Body; body != nil && !strings.ContainsAny(string(content), "&*") {
			err = yaml.NodeToValue(body, &value)
		}
	}
	if err == nil {
		return nil
	}
	var wrong yaml.Error
	if errors.As(err, &wrong) && wrong.GetToken() != nil && wrong.GetToken().Position != nil {
		return []Problem{{wrong.GetToken().Position.Line, wrong.GetMessage()}}
	}
	return []Problem{{0, firstLine(err.Error())}}
}

// templated says that another program fills the file in before it is read.
func templated(content []byte) bool { return bytes.Contains(content, []byte("{{")) }

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// shellFile parses a script in the dialect that its first line names; without one, bash.
func shellFile(content []byte) []Problem {
	first := firstLine(string(content))
	dialect := syntax.LangBash
	switch {
	case strings.HasPrefix(first, "#!") && strings.Contains(first, "zsh"):
		return nil // no parser here knows all of zsh
	case strings.HasPrefix(first, "#!") && (strings.Contains(first, "mksh") || strings.Contains(first, "ksh")):
		dialect = syntax.LangMirBSDKorn
	case strings.HasPrefix(first, "#!") && (strings.HasSuffix(strings.Fields(first + " x")[0], "/sh") || strings.Contains(first, "dash")):
		dialect = syntax.LangPOSIX
	}
	_, err := syntax.NewParser(syntax.Variant(dialect)).Parse(bytes.NewReader(content), "")
	if err != nil && dialect == syntax.LangPOSIX {
		// What sh accepts differs by system. Only what bash cannot read either is wrong.
		_, err = syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(bytes.NewReader(content), "")
	}
	return shellProblem(err)
}

func shellProblem(err error) []Problem {
	var wrong syntax.ParseError
	var dialect syntax.LangError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return []Problem{{int(wrong.Pos.Line()), wrong.Text}}
	case errors.As(err, &dialect):
		return []Problem{{int(dialect.Pos.Line()), dialect.Error()}}
	}
	return []Problem{{0, err.Error()}}
}
