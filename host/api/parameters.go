package api

import "context"

// Parameters lists what strategies may move.
type Parameters interface {
	Parameters(component string) (ParameterList, error)
}

// Parameter is a declared parameter and its present value. Values are numbers,
// truth values or texts, as the type says.
type Parameter struct {
	Name    string   `json:"name"`
	Type    string   `json:"type" enum:"int,log_int,float,bool,choice"`
	Value   any      `json:"value,omitempty" doc:"absent where it is not known"`
	Default any      `json:"default"`
	Min     *float64 `json:"min,omitempty"`
	Max     *float64 `json:"max,omitempty"`
	MaxStep *float64 `json:"max_step,omitempty" doc:"the largest move at once; a factor for log_int"`
	Choices []string `json:"choices,omitempty"`
	File    string   `json:"file"`
	Key     string   `json:"key"`
	Root    string   `json:"root,omitempty" doc:"the root through which it is changed"`
	Problem string   `json:"problem,omitempty" doc:"why it cannot be moved"`
}

// Forbidden is a combination of values that is never applied.
type Forbidden struct {
	All    []string `json:"all" doc:"conditions that must not hold together"`
	Reason string   `json:"reason,omitempty"`
}

// ParameterList are the parameters of a component.
type ParameterList struct {
	List[Parameter]
	Forbidden []Forbidden `json:"forbidden"`
}

func (s *Server) registerParameters() {
	get(s, Base+"/components/{name}/parameters", "what strategies may move of a component, and its present values", func(_ context.Context, in *nameIn) (ParameterList, error) {
		return s.opt.Services.Parameters.Parameters(in.Name)
	})
}
