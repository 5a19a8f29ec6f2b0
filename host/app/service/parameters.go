package service

import (
	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/app/parameters"
	"github.com/homeostat/homeostat/sdk"
)

// Parameters is api.Parameters.
type Parameters struct{ Book parameters.Book }

// Parameters lists the declared parameters of a component.
func (p Parameters) Parameters(component string) (api.ParameterList, error) {
	list, err := p.Book.List(component)
	if err != nil {
		return api.ParameterList{}, notFound("component", component)
	}
	out := api.ParameterList{List: api.NewList(convert(list, parameterView)), Forbidden: []api.Forbidden{}}
	for _, f := range p.Book.Forbidden(component) {
		view := api.Forbidden{Reason: f.Reason}
		for _, c := range f.All {
			view.All = append(view.All, c.String())
		}
		out.Forbidden = append(out.Forbidden, view)
	}
	return out, nil
}

func parameterView(p parameters.Present) api.Parameter {
	view := api.Parameter{
		Name: p.Name, Type: string(p.Type), Default: plain(p.Type, p.Default), Choices: p.Choices,
		File: p.File, Key: p.Key, Root: p.Root, Problem: p.Problem,
	}
	if p.Problem == "" {
		view.Value = plain(p.Type, p.Value)
	}
	if p.Type != sdk.TypeBool && p.Type != sdk.TypeChoice {
		view.Min, view.Max = &p.Min, &p.Max
		if p.MaxStep > 0 {
			view.MaxStep = &p.MaxStep
		}
	}
	return view
}

// plain returns a value as JSON knows it.
func plain(t sdk.ParameterType, v sdk.Value) any {
	switch t {
	case sdk.TypeChoice:
		return v.Choice
	case sdk.TypeBool:
		return v.Number != 0
	}
	return v.Number
}
