using System.Collections.Immutable;
using RnnRuntime.Import.Onnx;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Folding;

/// <summary>
/// What an operator reads besides its data: attributes, inputs whose values are known, and the opset that says which of the two forms
/// is in force. <c>constants</c> is parallel to the node's inputs, null where an input is absent or not known.
/// </summary>
internal sealed class NodeArguments(
    OnnxNode node, NodeAttributes attributes, ImmutableArray<HostTensor?> constants, int opset, RnnImportLimits limits)
{
    public string Location => node.Location;

    public string Operator => node.Operator;

    public NodeAttributes Attributes => attributes;

    public ImmutableArray<HostTensor?> Constants => constants;

    public int Opset => opset;

    public RnnImportLimits Limits => limits;

    public int Outputs => node.Outputs.Length;

    public int Inputs => node.Inputs.Length;

    /// <summary>How many inputs have been asked for.</summary>
    public int Asked { get; private set; }

    public bool Has(int input)
    {
        Asked = Math.Max(Asked, input + 1);
        return input < node.Inputs.Length && node.Inputs[input].Length > 0;
    }

    public bool HasOutput(int output) => output < node.Outputs.Length && node.Outputs[output].Length > 0;

    public NodeArguments With(ImmutableArray<HostTensor?> otherConstants) => new(node, attributes, otherConstants, opset, limits);

    /// <summary>How many inputs and outputs this version of the operator has; absent ones at the end do not count.</summary>
    public void Expect(int minimumInputs, int maximumInputs, int maximumOutputs = 1)
    {
        var last = Last(node.Inputs);
        if (last < minimumInputs || last > maximumInputs)
        {
            var expected = minimumInputs == maximumInputs ? $"{minimumInputs}" : $"{minimumInputs} to {maximumInputs}";
            throw Error($"{last} inputs", $"{expected} in opset {opset}");
        }

        if (node.Outputs.Length == 0 || Last(node.Outputs) > maximumOutputs)
        {
            throw Error($"{node.Outputs.Length} outputs", maximumOutputs == 1 ? "1" : $"1 to {maximumOutputs}");
        }
    }

    public HostTensor Required(int input, string name) =>
        Optional(input, name) ?? throw Error(name, "no such input", $"one in opset {opset}");

    /// <summary>Null where the input is absent; an input that is there but not known is an error.</summary>
    public HostTensor? Optional(int input, string name)
    {
        if (!Has(input))
        {
            return null;
        }

        return (input < constants.Length ? constants[input] : null)
            ?? throw Error(name, $"'{node.Inputs[input]}', which depends on the model's inputs", "a value that is constant once shapes are bound");
    }

    public ImmutableArray<long> Integers(int input, string name) =>
        OptionalIntegers(input, name) ?? throw Error(name, "no such input", $"one in opset {opset}");

    /// <summary>A list of integers; a scalar counts as a list of one.</summary>
    public ImmutableArray<long>? OptionalIntegers(int input, string name)
    {
        if (Optional(input, name) is not { } tensor)
        {
            return null;
        }

        return tensor.Rank <= 1 ? IndexValues(tensor, name) : throw Error(name, $"{tensor}", "a list of integers");
    }

    /// <summary>One integer, as a scalar or as a list of one.</summary>
    public long Integer(int input, string name) => Integers(input, name) is [var value]
        ? value
        : throw Error(name, $"{Required(input, name)}", "one integer");

    /// <summary>Values of a tensor of int32 or int64 of any shape.</summary>
    public ImmutableArray<long> IndexValues(HostTensor tensor, string name) =>
        tensor.TryGetIntegers(out var values) ? values : throw Error(name, $"{tensor}", "integers");

    public RnnImportException Error(string found, string expected) => new(Location, found, expected);

    public RnnImportException Error(string input, string found, string expected) => new($"{Location}, input {input}", found, expected);

    /// <summary>Memory for a result, after its size is held against the limits.</summary>
    public byte[] Allocate(ElementType type, ImmutableArray<int> shape)
    {
        var bytes = ShapeArithmetic.CountElements(Location, shape, limits) * HostTensor.SizeOf(type);
        var most = Math.Min(limits.MaximumTensorBytes, Array.MaxLength);
        return bytes <= most
            ? new byte[bytes]
            : throw Error($"a result of {bytes} bytes", $"at most {most} (limit {nameof(RnnImportLimits.MaximumTensorBytes)})");
    }

    private static int Last(ImmutableArray<string> names)
    {
        var last = names.Length;
        while (last > 0 && names[last - 1].Length == 0)
        {
            last--;
        }

        return last;
    }
}
