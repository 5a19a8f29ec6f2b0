package translate

import (
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/host/config/form"
	"github.com/homeostat/homeostat/sdk"
)

// Parameters returns the declared parameters of a component. Their present
// values are not known here and stay empty.
func Parameters(c config.Component) []sdk.Parameter {
	list := make([]sdk.Parameter, 0, len(c.Parameters))
	for _, p := range c.Parameters {
		out := sdk.Parameter{
			Component: string(c.Name), Name: string(p.Name), Type: sdk.ParameterType(p.Type), Choices: p.Choices,
			Default: scalar(p.Default.Value()),
		}
		out.Min, _ = p.Min.Value()
		out.Max, _ = p.Max.Value()
		out.MaxStep, _ = p.MaxStep.Value()
		if p.Type == config.ParameterBool {
			out.Max = 1
		}
		list = append(list, out)
	}
	return list
}

func scalar(v any) sdk.Value {
	switch v := v.(type) {
	case bool:
		return sdk.Value{Number: truths[v]}
	case int64:
		return sdk.Value{Number: float64(v)}
	case float64:
		return sdk.Value{Number: v}
	case string:
		return sdk.Value{Choice: v}
	}
	return sdk.Value{}
}

// truths are the numbers that stand for switches.
var truths = map[bool]float64{false: 0, true: 1}

// Forbidden returns the combinations that are never applied. The settings have
// passed their checks.
func Forbidden(c config.Component) []sdk.Forbidden {
	types := map[string]config.ParameterType{}
	for _, p := range c.Parameters {
		types[string(p.Name)] = p.Type
	}
	var list []sdk.Forbidden
	for _, f := range c.Forbidden {
		out := sdk.Forbidden{Reason: f.Reason}
		for _, text := range f.All {
			cond, err := form.ParseCondition(text)
			if err != nil {
				continue // refused with the configuration
			}
			out.All = append(out.All, condition(cond, types))
		}
		list = append(list, out)
	}
	return list
}

func condition(c form.Condition, types map[string]config.ParameterType) sdk.Condition {
	out := sdk.Condition{Parameter: c.Parameter, Is: sdk.Comparison(c.Comparison)}
	switch types[c.Parameter] {
	case config.ParameterChoice:
		out.Value = sdk.Value{Choice: c.With}
	case config.ParameterBool:
		out.Value = sdk.Value{Number: truths[c.With == "true"]}
	default:
		if n, ok := c.Number(); ok {
			out.Value = sdk.Value{Number: n}
		} else {
			out.Other = c.With
		}
	}
	return out
}
