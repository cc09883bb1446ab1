using System.Collections.Immutable;
using RnnRuntime.Graph;
using RnnRuntime.Import.Folding;
using RnnRuntime.Import.Onnx;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>One ONNX node on its way into the core graph: its operands, its arguments and where new nodes go.</summary>
internal sealed class NodeContext(
    OnnxNode node, ImmutableArray<Operand?> operands, NodeAttributes attributes, int opset, RnnImportLimits limits, GraphEmitter emitter)
{
    private int _asked;

    public OnnxNode Node => node;

    public string Location => node.Location;

    public GraphEmitter Emit => emitter;

    public int Opset => opset;

    public RnnImportLimits Limits => limits;

    public NodeAttributes Attributes => attributes;

    /// <summary>All operands, for rules that hold their number against the operator themselves.</summary>
    public ImmutableArray<Operand?> Operands
    {
        get
        {
            _asked = operands.Length;
            return operands;
        }
    }

    /// <summary>The same node as the folding rules see it: operands that are computed are not known.</summary>
    public NodeArguments Arguments { get; } = new(node, attributes, [.. operands.Select(operand => operand?.Constant)], opset, limits);

    public int InputCount => operands.Length;

    public bool Has(int input)
    {
        _asked = Math.Max(_asked, input + 1);
        return input < operands.Length && operands[input] is not null;
    }

    public bool HasOutput(int output) => output < node.Outputs.Length && node.Outputs[output].Length > 0;

    public Operand Operand(int input, string name) =>
        Has(input) ? operands[input]! : throw new RnnImportException($"{node.Location}, input {name}", "nothing", $"an input in opset {opset}");

    /// <summary>A float32 input as a value of the graph, whether it is constant or computed.</summary>
    public Value Float(int input, string name)
    {
        var operand = Operand(input, name);
        return operand.Type == ElementType.Float32
            ? ValueOf(operand, name)
            : throw Refuse(name, $"{operand}", "float32; integers and booleans are computed only while the model is loaded (fix the inputs that they depend on)");
    }

    /// <summary>A float32 or boolean input as a value of floats.</summary>
    public Value FloatOrBool(int input, string name)
    {
        var operand = Operand(input, name);
        return operand.Type is ElementType.Float32 or ElementType.Bool ? ValueOf(operand, name) : Float(input, name);
    }

    public Value Boolean(int input, string name)
    {
        var operand = Operand(input, name);
        return operand.Type == ElementType.Bool ? ValueOf(operand, name) : throw Refuse(name, $"{operand}", "bool");
    }

    /// <summary>A float32 constant, or null where the input is computed.</summary>
    public HostTensor? ConstantFloat(int input, string name)
    {
        var operand = Operand(input, name);
        if (operand.Type is ElementType.Float16 or ElementType.BFloat16 || (operand.IsConstant && operand.Type != ElementType.Float32))
        {
            throw Refuse(name, $"{operand}", "float32");
        }

        return operand.Constant;
    }

    public Value ValueOf(Operand operand, string name) => emitter.ValueOf($"{node.Location}, input {name}", operand);

    /// <summary>The same node with other operands in the place of its first inputs, and without the rest of them.</summary>
    public NodeContext With(ImmutableArray<Operand?> others) =>
        new(node with { Inputs = node.Inputs[..others.Length] }, others, attributes, opset, limits, emitter);

    /// <summary>Refuses inputs and attributes that no rule has asked for.</summary>
    public void End()
    {
        var asked = Math.Max(_asked, Arguments.Asked);
        for (var i = asked; i < operands.Length; i++)
        {
            if (operands[i] is not null)
            {
                throw Refuse($"#{i}", $"'{node.Inputs[i]}'", $"at most {asked} inputs in this form of the operator");
            }
        }

        attributes.End();
    }

    public RnnImportException Refuse(string found, string expected) => new(node.Location, found, expected);

    public RnnImportException Refuse(string input, string found, string expected) => new($"{node.Location}, input {input}", found, expected);
}
