using System.Collections.Immutable;
using RnnRuntime.Graph;

namespace RnnRuntime.Import.Translation;

/// <summary>
/// The attributes <c>activations</c>, <c>activation_alpha</c> and <c>activation_beta</c>. The parameter lists hold a number only for functions that
/// have that parameter, in the order of the functions.
/// </summary>
internal static class RecurrentActivations
{
    private static readonly ImmutableDictionary<string, (UnaryOperator Function, float? Alpha, float? Beta)> Functions =
        new Dictionary<string, (UnaryOperator, float?, float?)>(StringComparer.OrdinalIgnoreCase)
        {
            ["Tanh"] = (UnaryOperator.Tanh, null, null),
            ["Sigmoid"] = (UnaryOperator.Sigmoid, null, null),
            ["Relu"] = (UnaryOperator.Relu, null, null),
            ["Softsign"] = (UnaryOperator.Softsign, null, null),
            ["Softplus"] = (UnaryOperator.Softplus, null, null),
            ["LeakyRelu"] = (UnaryOperator.LeakyRelu, 0.01f, null),
            ["ThresholdedRelu"] = (UnaryOperator.ThresholdedRelu, 1f, null),
            ["Elu"] = (UnaryOperator.Elu, 1f, null),
            ["HardSigmoid"] = (UnaryOperator.HardSigmoid, 0.2f, 0.5f),
            ["ScaledTanh"] = (UnaryOperator.ScaledTanh, float.NaN, float.NaN),
            ["Affine"] = (UnaryOperator.Affine, float.NaN, float.NaN),
        }.ToImmutableDictionary(StringComparer.OrdinalIgnoreCase);

    public static ImmutableArray<ImmutableArray<CellActivation>> Read(NodeContext node, SequenceCell cell, int directions)
    {
        var defaults = SequenceNode.DefaultActivations(cell);
        var names = node.Attributes.Texts("activations");
        var alphas = node.Attributes.Floats("activation_alpha") ?? [];
        var betas = node.Attributes.Floats("activation_beta") ?? [];
        if (names is null)
        {
            return alphas.Length + betas.Length == 0
                ? [.. Enumerable.Repeat(defaults, directions)]
                : throw node.Attributes.Error("activation_alpha", "parameters", "the activations that they belong to");
        }

        if (names.Value.Length != defaults.Length * directions)
        {
            throw node.Attributes.Error("activations", $"{names.Value.Length} functions", $"{defaults.Length * directions}");
        }

        var (nextAlpha, nextBeta) = (0, 0);
        var all = names.Value.Select(name =>
        {
            if (!Functions.TryGetValue(name, out var known))
            {
                throw node.Attributes.Error("activations", name, $"one of {string.Join(", ", Functions.Keys.Order())}");
            }

            var alpha = Parameter(node, name, "activation_alpha", known.Alpha, alphas, ref nextAlpha);
            var beta = Parameter(node, name, "activation_beta", known.Beta, betas, ref nextBeta);
            return new CellActivation(known.Function, alpha, beta);
        }).ToArray();
        if (nextAlpha < alphas.Length || nextBeta < betas.Length)
        {
            throw node.Attributes.Error(
                nextAlpha < alphas.Length ? "activation_alpha" : "activation_beta", $"{alphas.Length} and {betas.Length} numbers", "one for each function that has the parameter");
        }

        return [.. all.Chunk(defaults.Length).Select(chunk => chunk.ToImmutableArray())];
    }

    private static float Parameter(NodeContext node, string function, string list, float? otherwise, ImmutableArray<float> given, ref int next)
    {
        if (otherwise is null)
        {
            return 0;
        }

        var value = next < given.Length ? given[next++] : otherwise.Value;
        return float.IsFinite(value) ? value : throw node.Attributes.Error(list, $"no finite number for {function}", "one, as the function has no default");
    }
}
