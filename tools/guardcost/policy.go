package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
	v1 "k8s.io/api/admissionregistration/v1"
	admissioncel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/apiserver/pkg/cel/lazy"
)

// One CEL expression of a policy: a variable, a match condition, a validation or a message.
type expression struct {
	kind, label, text string
	program           cel.Program
}

func (e expression) GetExpression() string { return e.text }
func (e expression) GetName() string       { return e.label }
func (e expression) ReturnTypes() []*cel.Type {
	return []*cel.Type{cel.AnyType}
}

// A ValidatingAdmissionPolicy, compiled as the API server compiles it.
type policy struct {
	name                   string
	variables, expressions []expression
}

func compile(definition *v1.ValidatingAdmissionPolicy) (*policy, error) {
	compiler, err := admissioncel.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	if err != nil {
		return nil, err
	}
	with := admissioncel.OptionalVariableDeclarations{HasParams: definition.Spec.ParamKind != nil, HasAuthorizer: true}
	without := with
	without.HasAuthorizer = false
	p := &policy{name: definition.Name}
	for _, variable := range definition.Spec.Variables {
		e := expression{label: variable.Name, text: variable.Expression, kind: "variable"}
		result := compiler.CompileAndStoreVariable(e, with, environment.StoredExpressions)
		if result.Error != nil {
			return nil, fmt.Errorf("%s: variable %s: %v", p.name, e.label, result.Error)
		}
		e.program = result.Program
		p.variables = append(p.variables, e)
	}
	add := func(e expression, options admissioncel.OptionalVariableDeclarations) error {
		result := compiler.CompileCELExpression(e, options, environment.StoredExpressions)
		if result.Error != nil {
			return fmt.Errorf("%s: %s %s: %v", p.name, e.kind, e.label, result.Error)
		}
		e.program = result.Program
		p.expressions = append(p.expressions, e)
		return nil
	}
	for _, condition := range definition.Spec.MatchConditions {
		if err := add(expression{label: condition.Name, text: condition.Expression, kind: "match"}, with); err != nil {
			return nil, err
		}
	}
	for i, validation := range definition.Spec.Validations {
		label := fmt.Sprintf("%d: %s", i, validation.Message)
		if err := add(expression{label: label, text: validation.Expression, kind: "validation"}, with); err != nil {
			return nil, err
		}
	}
	for i, validation := range definition.Spec.Validations {
		if validation.MessageExpression == "" {
			continue
		}
		label := fmt.Sprintf("%d: %s", i, validation.Message)
		if err := add(expression{label: label, text: validation.MessageExpression, kind: "message"}, without); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// What an expression may speak of: object, oldObject, request, params, authorizer, and the variables.
type activation struct {
	values    map[string]any
	variables *lazy.MapValue
}

func (a *activation) ResolveName(name string) (any, bool) {
	if name == "variables" {
		return a.variables, true
	}
	value, found := a.values[name]
	return value, found
}
func (a *activation) Parent() interpreter.Activation { return nil }

// What evaluating one expression gave, without the variables that it needed: those have a limit of their own.
type outcome struct {
	kind, label string
	cost        uint64
	value       ref.Val
	err         error
}

// Evaluates everything, in two passes as the API server does: conditions and validations, then messages, which cannot ask the authorizer.
// Each pass evaluates a variable when it is first needed. Match conditions keep nothing away here, so that the others are measured all the same.
func (p *policy) run(values map[string]any) []outcome {
	var results []outcome
	pass := func(message bool) {
		a := &activation{values: map[string]any{}}
		for k, v := range values {
			if message && k == "authorizer" {
				continue
			}
			a.values[k] = v
		}
		a.variables = lazy.NewMapValue(types.NewObjectType("kubernetes.variables"))
		for _, variable := range p.variables {
			a.variables.Append(variable.label, func(*lazy.MapValue) ref.Val {
				value, cost, err := eval(variable.program, a)
				label := variable.label
				if message {
					label += " (in messages)"
				}
				results = append(results, outcome{"variable", label, cost, value, err})
				if err != nil {
					return types.NewErr("variable %s: %v", variable.label, err)
				}
				return value
			})
		}
		for _, e := range p.expressions {
			if (e.kind == "message") != message {
				continue
			}
			value, cost, err := eval(e.program, a)
			results = append(results, outcome{e.kind, e.label, cost, value, err})
		}
	}
	pass(false)
	pass(true)
	return results
}

func eval(program cel.Program, a *activation) (ref.Val, uint64, error) {
	value, details, err := program.ContextEval(context.Background(), a)
	var cost uint64
	if details != nil && details.ActualCost() != nil {
		cost = *details.ActualCost()
	}
	return value, cost, err
}

func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 60 {
		s = s[:60]
	}
	return s
}
