using System.Collections.Immutable;
using RnnRuntime.Graph;
using RnnRuntime.Import.Folding;
using RnnRuntime.Import.Onnx;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>
/// Walks an ONNX graph once, in order. What is known is folded on the way (so that folding reaches its fixed point), an <c>If</c> whose
/// condition is known is replaced by its branch, everything else becomes nodes of the core graph.
/// </summary>
internal sealed class Translator
{
    private const string ContributedDomain = "com.microsoft";
    private const int ContributedVersion = 1;

    private static readonly Dictionary<string, Func<NodeContext, ImmutableArray<Operand?>>> Handlers = MakeHandlers();

    private static readonly Dictionary<string, Func<NodeContext, ImmutableArray<Operand?>>> Contributed = new(StringComparer.Ordinal)
    {
        ["DynamicQuantizeLSTM"] = DynamicQuantizeLstm.Layer,
    };

    private readonly OnnxModel _model;
    private readonly RnnImportLimits _limits;
    private readonly List<RnnImportException>? _refusals;
    private long _foldedBytes;

    private Translator(OnnxModel model, RnnImportLimits limits, List<RnnImportException>? refusals)
    {
        _model = model;
        _limits = limits;
        _refusals = refusals;
        Emit = new GraphEmitter(limits);
    }

    public GraphEmitter Emit { get; }

    /// <summary>Operators that can be computed in a step, beside those that fold.</summary>
    public static IEnumerable<string> Operators =>
        Handlers.Keys.Append("If").Concat(Contributed.Keys.Select(name => $"{ContributedDomain}.{name}")).Order(StringComparer.Ordinal);

    /// <summary>
    /// Translates the main graph from what its inputs stand for; gives its outputs in order. With a list of refusals it goes on after a node
    /// that is refused, and its outputs are null where they depend on one.
    /// </summary>
    public static (GraphEmitter Emit, ImmutableArray<Operand?> Outputs) Translate(
        OnnxModel model, Func<GraphEmitter, Dictionary<string, Operand?>> bindInputs, RnnImportLimits limits, List<RnnImportException>? refusals = null)
    {
        var translator = new Translator(model, limits, refusals);
        return (translator.Emit, translator.Graph(model.Graph, new Scope(null, bindInputs(translator.Emit))));
    }

    private static Dictionary<string, Func<NodeContext, ImmutableArray<Operand?>>> MakeHandlers()
    {
        var handlers = new Dictionary<string, Func<NodeContext, ImmutableArray<Operand?>>>(StringComparer.Ordinal);
        ElementwiseOperators.Register(handlers);
        MatrixOperators.Register(handlers);
        RowOperators.Register(handlers);
        ConvolutionOperators.Register(handlers);
        PoolingOperators.Register(handlers);
        RecurrentOperators.Register(handlers);
        QuantizedOperators.Register(handlers);
        IntegerProductOperators.Register(handlers);
        LookUpOperators.Register(handlers);
        foreach (var name in MovementOperators.DataInputs.Keys.Where(name => !handlers.ContainsKey(name)))
        {
            handlers.Add(name, MovementOperators.Move);
        }

        return handlers;
    }

    private ImmutableArray<Operand?> Graph(OnnxGraph graph, Scope scope)
    {
        foreach (var (name, tensor) in graph.Initializers)
        {
            scope.Define(name, Operand.Of(tensor));
        }

        foreach (var node in graph.Nodes)
        {
            ImmutableArray<Operand?> outputs;
            try
            {
                outputs = Node(node, scope);
            }
            catch (RnnImportException refusal) when (_refusals is not null)
            {
                _refusals.Add(refusal);
                outputs = [];
            }

            for (var i = 0; i < node.Outputs.Length; i++)
            {
                if (node.Outputs[i].Length == 0)
                {
                    continue;
                }

                var output = i < outputs.Length ? outputs[i] : null;
                if (output is null && _refusals is null)
                {
                    throw new RnnImportException(node.Location, $"output '{node.Outputs[i]}' (number {i + 1})", "an output that the operator has in this form");
                }

                scope.Define(node.Outputs[i], output);
            }
        }

        return [.. graph.Outputs.Select(output => scope.Find(output.Name, $"graph '{graph.Name}', output"))];
    }

    private ImmutableArray<Operand?> Node(OnnxNode node, Scope scope)
    {
        if (node.Domain.Length > 0)
        {
            CheckContributed(node);
        }

        var operands = ImmutableArray.CreateBuilder<Operand?>(node.Inputs.Length);
        foreach (var name in node.Inputs)
        {
            var operand = name.Length == 0 ? null : scope.Find(name, node.Location);
            if (name.Length > 0 && operand is null)
            {
                // Behind a refused node only the operator's name can be judged.
                return HandlerOf(node) is not null || node.Operator == "If" || FoldingEvaluator.Names.Contains(node.Operator) ? [] : throw Unknown(node);
            }

            operands.Add(operand);
        }

        Emit.Scope = node.Outputs.FirstOrDefault(output => output.Length > 0) ?? node.Name;
        try
        {
            return node.Operator == "If" ? If(node, operands.Count == 1 ? operands[0] : null, scope) : Operator(node, operands.ToImmutable());
        }
        catch (Exception exception) when (exception is RnnFormatException or ArgumentException or OverflowException or InvalidCastException)
        {
            throw new RnnImportException(node.Location, exception.Message.TrimEnd('.'), "shapes and values that fit the operator", exception);
        }
    }

    private ImmutableArray<Operand?> Operator(OnnxNode node, ImmutableArray<Operand?> operands)
    {
        if (operands.All(operand => operand is null or { IsConstant: true }) || node.Operator is "Shape" or "Size")
        {
            // A shape is known even where the values are not.
            ImmutableArray<HostTensor?> constants = [.. operands.Select(operand => operand is null ? null : operand.Constant ?? HostTensor.OfShape(operand.Shape))];
            if (FoldingEvaluator.Evaluate(node, constants, _model.Opset, _limits) is { } folded)
            {
                Emit.Spend(WorkOf(node, constants, folded));
                Emit.FoldedNodes++;
                return [.. folded.Select(Folded)];
            }
        }

        var handler = HandlerOf(node) ?? throw Unknown(node);
        var attributes = new NodeAttributes(node);
        var opset = node.Domain.Length == 0 ? _model.Opset : ContributedVersion;
        var context = new NodeContext(node, operands, attributes, opset, _limits, Emit);
        var outputs = handler(context);
        context.End();
        return outputs;
    }

    private void CheckContributed(OnnxNode node)
    {
        if (node.Domain != ContributedDomain || !Contributed.ContainsKey(node.Operator))
        {
            throw new RnnImportException(
                node.Location, $"the operator domain '{node.Domain}'",
                $"operators of the ONNX standard, or {string.Join(", ", Contributed.Keys)} of {ContributedDomain}; export the model without other contributed operators");
        }

        if (!_model.OtherOpsets.TryGetValue(node.Domain, out var version) || version != ContributedVersion)
        {
            throw new RnnImportException(
                $"{node.Location}, opset_import", version == 0 ? $"no version of the domain '{node.Domain}'" : $"version {version} of the domain '{node.Domain}'",
                $"version {ContributedVersion}");
        }
    }

    private static Func<NodeContext, ImmutableArray<Operand?>>? HandlerOf(OnnxNode node) =>
        (node.Domain.Length == 0 ? Handlers : Contributed).GetValueOrDefault(node.Operator);

    private static RnnImportException Unknown(OnnxNode node) => new(
        node.Location, $"the operator {node.Operator}", $"one of {string.Join(", ", Operators)}, or one whose inputs are all constant once shapes are bound");

    private Operand? Folded(HostTensor? tensor)
    {
        _foldedBytes += tensor?.Data.Length ?? 0;
        return _foldedBytes > _limits.MaximumTensorBytes
            ? throw new RnnImportException("folding", $"more than {_limits.MaximumTensorBytes} bytes of folded constants", $"at most that (limit {nameof(RnnImportLimits.MaximumTensorBytes)})")
            : tensor is null ? null : Operand.Of(tensor);
    }

    /// <summary>What operators do whose results say little of it: products, and reductions of all that they read. Others do no more than they give.</summary>
    private static long WorkOf(OnnxNode node, ImmutableArray<HostTensor?> inputs, ImmutableArray<HostTensor?> outputs)
    {
        var results = outputs.Sum(output => output?.Count ?? 0);
        return node.Operator switch
        {
            "MatMul" or "MatMulInteger" => results * inputs[0]!.Shape[^1],
            "Gemm" => results * (inputs[0]!.Count / Math.Max(1, outputs[0]!.Shape[0])),
            "Shape" or "Size" or "Identity" => 0,
            _ when MovementOperators.DataInputs.ContainsKey(node.Operator) => results,
            _ => results + inputs.Sum(input => input?.Count ?? 0),
        };
    }

    private ImmutableArray<Operand?> If(OnnxNode node, Operand? condition, Scope scope)
    {
        if (condition is null)
        {
            throw new RnnImportException(node.Location, $"{node.Inputs.Length} inputs", "one, the condition");
        }

        if (!condition.IsConstant || condition.Type != ElementType.Bool || condition.Constant.Count != 1)
        {
            throw new RnnImportException(
                node.Location, condition.IsConstant ? $"a condition of {condition}" : $"a condition '{node.Inputs[0]}' that depends on the model's inputs",
                "a condition that is constant once shapes and inputs are bound; fix the inputs that it depends on");
        }

        var attributes = new NodeAttributes(node);
        var (then, otherwise) = (attributes.Graph("then_branch"), attributes.Graph("else_branch"));
        attributes.End();
        var branch = (condition.Constant.Data.Span[0] != 0 ? then : otherwise) ?? throw attributes.Error("then_branch", "nothing", "both branches");
        if (branch.Inputs.Length > 0 || branch.Outputs.Length != node.Outputs.Length)
        {
            throw new RnnImportException(node.Location, $"a branch of {branch.Inputs.Length} inputs and {branch.Outputs.Length} outputs", $"none and {node.Outputs.Length}");
        }

        return Graph(branch, new Scope(scope, []));
    }

    /// <summary>Names of a graph; those of the graphs around it are seen too.</summary>
    private sealed class Scope(Scope? outer, Dictionary<string, Operand?> names)
    {
        public void Define(string name, Operand? operand) => names[name] = operand;

        /// <summary>Null where the name stands for an output of a refused node.</summary>
        public Operand? Find(string name, string location)
        {
            for (var scope = this; scope is not null; scope = scope.Outer)
            {
                if (scope.Names.TryGetValue(name, out var operand))
                {
                    return operand;
                }
            }

            throw new RnnImportException(location, $"'{name}', which nothing defines", "the name of an input, an initializer or an output of an earlier node");
        }

        private Scope? Outer => outer;

        private Dictionary<string, Operand?> Names => names;
    }
}
