package template

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// State is what a Miner knows, for keeping.
type State struct {
	Last      ID      `json:"last"`
	Templates []Saved `json:"templates"`
	Shapes    []Shape `json:"shapes"`
}

// Saved is one template; Tokens holds eight bytes for each of its tokens.
type Saved struct {
	ID     ID     `json:"i"`
	Text   string `json:"t"`
	Count  uint64 `json:"c"`
	Tokens []byte `json:"k"`
	Values uint64 `json:"v,omitempty"`
}

// Shape is a sequence of words and the template that it belongs to.
type Shape struct {
	Key string `json:"k"`
	ID  ID     `json:"i"`
}

// State returns the templates that were used last, at most limit of them, and
// their shapes, the oldest first.
func (m *Miner) State(limit int) State {
	s := State{Last: m.last}
	kept := map[*Template]bool{}
	for e := m.age.Front(); e != nil && len(s.Templates) < limit; e = e.Next() {
		t := e.Value.(*Template)
		kept[t] = true
		saved := Saved{ID: t.ID, Text: t.Text, Count: t.Count, Values: t.values}
		for _, h := range t.tokens {
			saved.Tokens = binary.LittleEndian.AppendUint64(saved.Tokens, h)
		}
		s.Templates = append(s.Templates, saved)
	}
	for e := m.shapeAge.Front(); e != nil && len(s.Shapes) < 2*limit; e = e.Next() {
		if sh := e.Value.(*shape); kept[sh.template.root()] {
			s.Shapes = append(s.Shapes, Shape{sh.key, sh.template.root().ID})
		}
	}
	slices.Reverse(s.Templates)
	slices.Reverse(s.Shapes)
	return s
}

// Restore returns a Miner that knows what the state says.
func Restore(s State) (*Miner, error) {
	m := New()
	m.last = s.Last
	for _, saved := range s.Templates {
		if saved.ID == 0 || saved.ID > s.Last || m.byID[saved.ID] != nil || len(saved.Tokens) == 0 || len(saved.Tokens)%8 != 0 || len(saved.Tokens) > 8*(maxWords+1) {
			return nil, fmt.Errorf("restore template %d: its number or its %d bytes of tokens cannot be", saved.ID, len(saved.Tokens))
		}
		t := &Template{ID: saved.ID, Text: clip(saved.Text), Count: saved.Count, values: saved.Values}
		for b := saved.Tokens; len(b) > 0; b = b[8:] {
			t.tokens = append(t.tokens, binary.LittleEndian.Uint64(b))
		}
		m.adopt(t)
		if slices.Contains(t.tokens, place) {
			m.patterns.add(t)
		}
	}
	for _, t := range m.inOrder() {
		m.recount(t)
	}
	for _, sh := range s.Shapes {
		if t := m.byID[sh.ID]; t != nil {
			m.remember(sh.Key, t)
		}
	}
	return m, nil
}

// inOrder returns the templates in the order in which they were found.
func (m *Miner) inOrder() []*Template {
	list := make([]*Template, 0, len(m.byID))
	for _, t := range m.byID {
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b *Template) int { return int(int64(a.ID) - int64(b.ID)) })
	return list
}

// recount notes a template in its slots without making places.
func (m *Miner) recount(t *Template) {
	prefix, suffix := ends(t.tokens)
	for gap := 1; gap <= maxGap; gap++ {
		for from := 0; from+gap <= len(t.tokens); from++ {
			if c := (cut{from, from + gap}); t.need(c) > 0 {
				m.slots.at(mix(prefix[c.from], suffix[c.to])).see(hashOf(t.tokens[c.from:c.to]), t)
			}
		}
	}
}
