package sdk

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// blankActions makes an empty action of each kind; it is also the list of all
// kinds that exist.
var blankActions = map[ActionKind]func() Action{
	KindStart:          func() Action { return &Start{} },
	KindStop:           func() Action { return &Stop{} },
	KindRestart:        func() Action { return &Restart{} },
	KindReload:         func() Action { return &Reload{} },
	KindSetParameters:  func() Action { return &SetParameters{} },
	KindSubmitChange:   func() Action { return &SubmitChange{} },
	KindRollbackChange: func() Action { return &RollbackChange{} },
	KindOpenLink:       func() Action { return &OpenLink{} },
	KindCloseLink:      func() Action { return &CloseLink{} },
	KindRunDeclared:    func() Action { return &RunDeclared{} },
	KindWait:           func() Action { return &Wait{} },
	KindHandOver:       func() Action { return &HandOver{} },
}

// envelope is an action on disk and over HTTP: its kind beside its own fields.
type envelope struct {
	Kind ActionKind      `json:"kind"`
	Args json.RawMessage `json:"args"`
}

// MarshalAction writes an action as {"kind": …, "args": {…}}.
func MarshalAction(a Action) ([]byte, error) {
	if a == nil {
		return nil, fmt.Errorf("write an action: there is none")
	}
	args, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("write action %s: %w", a.Kind(), err)
	}
	return json.Marshal(envelope{Kind: a.Kind(), Args: args})
}

// UnmarshalAction reads what MarshalAction wrote. Unknown kinds and fields are
// errors. The action is a value, not a pointer, so that a type switch needs one
// case for each kind.
func UnmarshalAction(data []byte) (Action, error) {
	var env envelope
	if err := json.Unmarshal(data, &env); err != nil {
		return nil, fmt.Errorf("read an action: %w", err)
	}
	blank, ok := blankActions[env.Kind]
	if !ok {
		return nil, fmt.Errorf("read an action: kind %q is none of the %d that exist", env.Kind, len(blankActions))
	}
	action := blank()
	dec := json.NewDecoder(bytes.NewReader(env.Args))
	dec.DisallowUnknownFields()
	if err := dec.Decode(action); err != nil {
		return nil, fmt.Errorf("read action %s: %w", env.Kind, err)
	}
	return deref(action), nil
}

func deref(a Action) Action {
	switch a := a.(type) {
	case *Start:
		return *a
	case *Stop:
		return *a
	case *Restart:
		return *a
	case *Reload:
		return *a
	case *SetParameters:
		return *a
	case *SubmitChange:
		return *a
	case *RollbackChange:
		return *a
	case *OpenLink:
		return *a
	case *CloseLink:
		return *a
	case *RunDeclared:
		return *a
	case *Wait:
		return *a
	case *HandOver:
		return *a
	}
	return a
}

type plainProposal Proposal

type jsonProposal struct {
	Actions []json.RawMessage `json:"actions"`
	plainProposal
}

// MarshalJSON writes the proposal with its actions as MarshalAction does.
func (p Proposal) MarshalJSON() ([]byte, error) {
	out := jsonProposal{plainProposal: plainProposal(p), Actions: make([]json.RawMessage, 0, len(p.Actions))}
	for _, a := range p.Actions {
		data, err := MarshalAction(a)
		if err != nil {
			return nil, err
		}
		out.Actions = append(out.Actions, data)
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Proposal) UnmarshalJSON(data []byte) error {
	var in jsonProposal
	if err := json.Unmarshal(data, &in); err != nil {
		return fmt.Errorf("read a proposal: %w", err)
	}
	*p = Proposal(in.plainProposal)
	p.Actions = nil
	for _, raw := range in.Actions {
		a, err := UnmarshalAction(raw)
		if err != nil {
			return err
		}
		p.Actions = append(p.Actions, a)
	}
	return nil
}
