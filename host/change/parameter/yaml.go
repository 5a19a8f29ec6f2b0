package parameter

import (
	"errors"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// yamlLeaves reads a text with one document. What has an anchor, a tag or an alias is no plain value.
func yamlLeaves(content string) ([]leaf, error) {
	if strings.Contains(content, "{{") {
		return nil, errors.New("another program fills it in before it is read")
	}
	file, err := parser.ParseBytes([]byte(content), 0)
	if err != nil {
		return nil, err
	}
	r := yamlReader{content: content, lines: linesOf(content)}
	bodies := 0
	for _, doc := range file.Docs {
		if doc.Body != nil {
			bodies++
			r.node("", doc.Body)
		}
	}
	if bodies > 1 {
		return nil, errors.New("it holds several documents")
	}
	return r.out, nil
}

type yamlReader struct {
	content string
	lines   []line
	out     []leaf
}

// node lists the values at and below a node. The depth of the text is bounded by then.
func (r *yamlReader) node(key string, n ast.Node) {
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, pair := range n.Values {
			r.pair(key, pair)
		}
	case *ast.MappingValueNode:
		r.pair(key, n)
	case *ast.SequenceNode:
		for i, item := range n.Values {
			r.node(join(key, strconv.Itoa(i)), item)
		}
	case *ast.IntegerNode:
		r.scalar(key, whole, n.GetToken())
	case *ast.FloatNode:
		r.scalar(key, decimal, n.GetToken())
	case *ast.BoolNode:
		r.scalar(key, truth, n.GetToken())
	case *ast.StringNode:
		r.scalar(key, text, n.GetToken())
	case nil:
	default:
		r.out = append(r.out, leaf{key: key, text: n.String(), kind: other})
	}
}

func (r *yamlReader) pair(key string, p *ast.MappingValueNode) {
	name := p.Key.String()
	if t := p.Key.GetToken(); t != nil {
		name = t.Value
	}
	r.node(join(key, name), p.Value)
}

// scalar adds a value, with its place when the text says there what the parser has read.
func (r *yamlReader) scalar(key string, k kind, t *token.Token) {
	one := leaf{key: key, text: t.Value, kind: k}
	if t.Position.Line >= 1 && t.Position.Line <= len(r.lines) {
		l := r.lines[t.Position.Line-1]
		if from, ok := column(l.text, t.Position.Column); ok {
			written := asWritten(t)
			if strings.HasPrefix(l.text[from:], written) {
				one.begin, one.end = l.at+from, l.at+from+len(written)
			}
		}
	}
	r.out = append(r.out, one)
}

// asWritten returns a value with its quotes.
func asWritten(t *token.Token) string {
	switch t.Type {
	case token.SingleQuoteType:
		return "'" + t.Value + "'"
	case token.DoubleQuoteType:
		return `"` + t.Value + `"`
	}
	return t.Value
}

// column returns the byte at which the column of a line begins. Columns count characters from 1.
func column(text string, col int) (int, bool) {
	n := 1
	for at := range text {
		if n == col {
			return at, true
		}
		n++
	}
	return 0, false
}
