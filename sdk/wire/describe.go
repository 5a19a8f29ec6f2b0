package wire

import (
	"strings"

	pb "github.com/homeostat/homeostat/sdk/proto/homeostat/plugin/v1"
)

// DescriptionToProto translates what a plugin says of itself.
func DescriptionToProto(d Description) *pb.Description {
	return &pb.Description{
		Name: text(d.Name), Version: text(d.Version), Kind: text(string(d.Kind)), Features: texts(d.Features),
		Settings: each(d.Settings, settingToProto),
	}
}

// DescriptionFromProto translates it back.
func DescriptionFromProto(p *pb.Description) Description {
	return Description{
		Name: p.GetName(), Version: p.GetVersion(), Kind: PluginKind(p.GetKind()), Features: p.GetFeatures(),
		Settings: each(p.GetSettings(), settingFromProto),
	}
}

func settingToProto(s Setting) *pb.Setting {
	return &pb.Setting{
		Key: text(s.Key), Type: text(s.Type), Doc: text(s.Doc), Default: text(s.Default), Min: text(s.Min), Max: text(s.Max),
		Choices: texts(s.Choices), Required: s.Required,
	}
}

func settingFromProto(p *pb.Setting) Setting {
	return Setting{
		Key: p.GetKey(), Type: p.GetType(), Doc: p.GetDoc(), Default: p.GetDefault(), Min: p.GetMin(), Max: p.GetMax(),
		Choices: p.GetChoices(), Required: p.GetRequired(),
	}
}

// ProblemsToProto translates the problems of a configuration.
func ProblemsToProto(in []Problem) []*pb.Problem {
	return each(in, func(p Problem) *pb.Problem { return &pb.Problem{Key: text(p.Key), Text: text(p.Text)} })
}

// ConfigError says that a plugin refused its configuration.
type ConfigError struct{ Problems []Problem }

// Error lists all problems, one after the other.
func (e *ConfigError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Text
		if p.Key != "" {
			lines[i] = p.Key + ": " + p.Text
		}
	}
	return strings.Join(lines, "; ")
}
