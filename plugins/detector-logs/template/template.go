// Package template finds the statements behind log lines: lines that differ in
// variables only get the same template.
//
// It owns the grouping, with one setting for all logs. Package mask removes
// what looks like a variable; what is left are words, and some of them vary
// too: names of users, programs, tables. So lines with a common beginning and a
// common end (the longest common pattern) are counted by what stands between,
// and when there are many different things the place is a variable and the
// templates become one. Only lines with words that were never seen in this
// order cost more than a look-up. Everything is bounded: the least recently
// used is forgotten. A Miner is used from one goroutine.
package template

import (
	"container/list"

	"github.com/homeostat/homeostat/plugins/detector-logs/mask"
)

// ID identifies a template within its Miner; it is never used again. Zero is
// the template of lines without a word or a variable.
type ID uint32

// Bounds of a Miner.
const (
	// MaxTemplates is how many templates are remembered.
	MaxTemplates = 4096
	// MaxShapes is how many sequences of words are remembered.
	MaxShapes = 8192
	// MaxText is how long the text of a template may be, in bytes.
	MaxText = 240
)

// Template is what the lines of one statement have in common.
type Template struct {
	ID ID
	// Text shows the statement with "<*>" for variables, as far as MaxText.
	Text string
	// Count is how many lines belong to it.
	Count uint64
	// tokens are the hashes of its words; place and variable are special.
	tokens []uint64
	// values has a bit for each token behind "=".
	values uint64
	node   *list.Element
	merged *Template
	dead   bool
}

// shape is one sequence of words, as it was seen.
type shape struct {
	key      string
	template *Template
	node     *list.Element
}

// Miner groups lines. Use New.
type Miner struct {
	masker    mask.Masker
	shapes    map[string]*shape
	shapeAge  *list.List // of *shape, the latest first
	age       *list.List // of *Template, the latest first
	byID      map[ID]*Template
	slots     slots
	patterns  patterns
	last      ID
	tokens    []uint64
	mergedTo  map[ID]ID
	mergedAge []ID
	merges    int
}

// New returns a Miner that has seen nothing.
func New() *Miner {
	return &Miner{
		shapes: map[string]*shape{}, shapeAge: list.New(), age: list.New(), byID: map[ID]*Template{},
		slots: newSlots(), patterns: newPatterns(), mergedTo: map[ID]ID{},
	}
}

// Match says where a line belongs.
type Match struct {
	// ID is the line's template as of now; it may become part of another later,
	// see Settled.
	ID ID
	// New reports that no earlier line had this template.
	New bool
	// Count is how many lines the template has, this one included.
	Count uint64
}

// Add puts a line into its template. It never fails; only the first
// mask.MaxBytes of the line count.
func (m *Miner) Add(line string) Match {
	key := m.masker.Scan(line)
	if len(key) == 0 {
		return Match{}
	}
	s, known := m.shapes[string(key)]
	if known && !s.template.dead {
		m.shapeAge.MoveToFront(s.node)
	} else {
		s = m.place(string(key))
	}
	t := s.template.root()
	s.template = t
	t.Count++
	m.age.MoveToFront(t.node)
	return Match{ID: t.ID, New: t.Count == 1, Count: t.Count}
}

// root is the template that t became part of.
func (t *Template) root() *Template {
	for t.merged != nil {
		t = t.merged
	}
	return t
}

// place finds the template of words that were not seen in this order before.
func (m *Miner) place(key string) *shape {
	m.hashTokens()
	t := m.patterns.find(m.tokens)
	if t == nil {
		t = m.create()
		m.generalise(t)
	}
	return m.remember(key, t)
}

func (m *Miner) remember(key string, t *Template) *shape {
	s := m.shapes[key]
	if s == nil {
		s = &shape{key: key}
		s.node = m.shapeAge.PushFront(s)
		m.shapes[key] = s
	}
	s.template = t.root()
	if len(m.shapes) > MaxShapes {
		oldest := m.shapeAge.Remove(m.shapeAge.Back()).(*shape)
		delete(m.shapes, oldest.key)
	}
	return s
}

func (m *Miner) create() *Template {
	m.last++
	t := &Template{ID: m.last, Text: clip(m.masker.Template()), tokens: append([]uint64(nil), m.tokens...)}
	for i, token := range m.masker.Tokens[:len(m.tokens)] {
		if token.Assigned {
			t.values |= 1 << i
		}
	}
	m.adopt(t)
	return t
}

// adopt takes a template into the books and forgets the one that was not used
// for longest.
func (m *Miner) adopt(t *Template) {
	t.node = m.age.PushFront(t)
	m.byID[t.ID] = t
	if len(m.byID) > MaxTemplates {
		oldest := m.age.Back().Value.(*Template)
		m.forget(oldest)
	}
}

func (m *Miner) forget(t *Template) {
	m.age.Remove(t.node)
	delete(m.byID, t.ID)
	m.patterns.remove(t)
	t.dead = true
}

// Template returns the template with the ID, or the one that it became part of.
func (m *Miner) Template(id ID) (Template, bool) {
	t, ok := m.byID[m.Settled(id)]
	if !ok {
		return Template{}, false
	}
	return *t, true
}

// Settled returns the ID of the template that the one with this ID is part of
// by now.
func (m *Miner) Settled(id ID) ID {
	for {
		next, ok := m.mergedTo[id]
		if !ok {
			return id
		}
		id = next
	}
}

// Merges returns how often templates became part of others so far.
func (m *Miner) Merges() int { return m.merges }

// Len returns how many templates are remembered.
func (m *Miner) Len() int { return len(m.byID) }
