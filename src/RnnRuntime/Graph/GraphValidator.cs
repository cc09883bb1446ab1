using System.Numerics;
using System.Runtime.InteropServices;

namespace RnnRuntime.Graph;

/// <summary>
/// Holds a graph against every rule that later stages rely on, whoever made it. Throws <see cref="RnnFormatException"/>. Sections are
/// written as the file's JSON nests them.
/// </summary>
internal sealed partial class GraphValidator
{
    public const int MaxNodes = 100_000;

    private readonly RnnGraph _graph;
    private readonly Dictionary<string, Value> _defined = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Constant> _constants = new(StringComparer.Ordinal);
    private readonly HashSet<Constant> _scales = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Constant> _factors = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Constant, (int Least, int Greatest)> _ranges = new(ReferenceEqualityComparer.Instance);

    private GraphValidator(RnnGraph graph) => _graph = graph;

    public static void Validate(RnnGraph graph) => new GraphValidator(graph).Run();

    private void Run()
    {
        CheckInputs();
        DefineStates();
        CheckNodes();
        CheckIndices();
        CheckStateOutputs();
        CheckOutputs();
        foreach (var (key, text) in _graph.Metadata)
        {
            Names.Check("metadata", "key", key);
            if (!Names.IsWellFormed(text))
            {
                throw new RnnFormatException("metadata", key, "an unpaired surrogate", "well-formed Unicode");
            }
        }
    }

    private void CheckInputs()
    {
        for (var i = 0; i < _graph.InputValues.Length; i++)
        {
            var value = _graph.InputValues[i];
            var section = $"graph.inputs[{i}]";
            if (value.Type is not (TensorType.Float32 or TensorType.Int32))
            {
                throw new RnnFormatException(section, "type", Names.Of(value.Type), "float32 or int32");
            }

            Define(section, "name", value);
        }
    }

    private void DefineStates()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < _graph.StateVariables.Length; i++)
        {
            var state = _graph.StateVariables[i];
            var section = $"graph.states[{i}]";
            CheckUnique(section, names, state.Name, "state");
            if (state.Input.Type != TensorType.Float32)
            {
                throw new RnnFormatException(section, "type", Names.Of(state.Input.Type), "float32");
            }

            Define(section, "input", state.Input);
        }
    }

    private void CheckStateOutputs()
    {
        for (var i = 0; i < _graph.StateVariables.Length; i++)
        {
            var state = _graph.StateVariables[i];
            var section = $"graph.states[{i}]";
            CheckDefined(section, "output", state.Output, "a value that the graph defines");
            var expected = Names.Describe(state.Input.Type, state.Input.Shape);
            if (state.Output.Type != state.Input.Type || state.Output.Shape != state.Input.Shape)
            {
                throw new RnnFormatException(section, "output", Names.Describe(state.Output.Type, state.Output.Shape), $"{expected} as the state");
            }

            if (state.Initial is { } initial)
            {
                if (initial.Type != state.Input.Type || initial.Shape != state.Input.Shape)
                {
                    throw new RnnFormatException(section, "initial", Names.Describe(initial.Type, initial.Shape), $"{expected} as the state");
                }

                CheckConstant(initial);
            }
        }
    }

    private void CheckOutputs()
    {
        if (_graph.OutputValues.Length == 0)
        {
            throw new RnnFormatException("graph", "outputs", "none", "at least one output");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < _graph.OutputValues.Length; i++)
        {
            var (name, value) = _graph.OutputValues[i];
            var section = $"graph.outputs[{i}]";
            CheckUnique(section, names, name, "output");
            CheckDefined(section, "value", value, "a value that the graph defines");
            if (!Names.IsOfValues(value.Type))
            {
                throw new RnnFormatException(section, "type", Names.Of(value.Type), "float32 or int32");
            }
        }
    }

    private void Define(string section, string field, Value value)
    {
        Names.Check(section, field, value.Name);
        if (value.Shape.Rank > ShapeRules.MaxRank)
        {
            throw new RnnFormatException(section, field, $"{value.Name} with {value.Shape.Rank} extents", $"at most {ShapeRules.MaxRank} extents");
        }

        if (!_defined.TryAdd(value.Name, value))
        {
            throw new RnnFormatException(section, field, $"a second definition of {Names.Quote(value.Name)}", "one definition of each value");
        }
    }

    private void CheckDefined(string section, string field, Value value, string expected)
    {
        if (!_defined.TryGetValue(value.Name, out var known) || !ReferenceEquals(known, value))
        {
            throw new RnnFormatException(section, field, $"{Names.Quote(value.Name)}, which is not defined here", expected);
        }
    }

    private static void CheckUnique(string section, HashSet<string> names, string name, string kind)
    {
        Names.Check(section, "name", name);
        if (!names.Add(name))
        {
            throw new RnnFormatException(section, "name", $"a second {kind} {Names.Quote(name)}", $"{kind} names that differ");
        }
    }

    /// <summary>Each constant's bytes are walked once, however many nodes share it.</summary>
    private void CheckConstant(Constant constant)
    {
        if (_constants.TryGetValue(constant.Name, out var known))
        {
            if (!ReferenceEquals(known, constant) && known != constant)
            {
                throw new RnnFormatException($"tensor {constant.Name}", "name", "a second tensor of this name", "tensor names that differ");
            }

            return;
        }

        Names.CheckConstant($"tensor {constant.Name}", "name", constant.Name);
        CheckContent(constant);
        _constants.Add(constant.Name, constant);
    }

    /// <summary>The rules for the bytes of any tensor: as many as its shape says, finite floats, no -128.</summary>
    public static void CheckContent(Constant constant)
    {
        var section = $"tensor {constant.Name}";
        if (constant.Shape.Rank > ShapeRules.MaxRank)
        {
            throw new RnnFormatException(section, "shape", $"{constant.Shape.Rank} extents", $"at most {ShapeRules.MaxRank}");
        }

        var bytes = constant.Data.Span;
        var expectedBytes = (long)constant.Shape.ElementCount * Names.SizeOf(constant.Type);
        if (bytes.Length != expectedBytes)
        {
            throw new RnnFormatException(section, "data", $"{bytes.Length} bytes", $"{expectedBytes} bytes for {Names.Describe(constant.Type, constant.Shape)}");
        }

        var index = constant.Type switch
        {
            TensorType.Float32 => IndexOfNonFinite(MemoryMarshal.Cast<byte, uint>(bytes), 0x7F80_0000u),
            TensorType.BFloat16 => IndexOfNonFinite(MemoryMarshal.Cast<byte, ushort>(bytes), (ushort)0x7F80),
            TensorType.Float16 => IndexOfNonFinite(MemoryMarshal.Cast<byte, ushort>(bytes), (ushort)0x7C00),
            _ => -1,
        };
        if (index >= 0)
        {
            throw new RnnFormatException(section, $"data[{index}]", $"{HalfPrecision.Element(constant, index)}", "a finite number");
        }

        if (constant.Type == TensorType.Int8 && bytes.IndexOf((byte)0x80) is var minimum and >= 0)
        {
            throw new RnnFormatException(section, $"data[{minimum}]", "-128", "-127 to 127");
        }
    }

    /// <summary>Index of the first infinity or NaN (all exponent bits set), or -1.</summary>
    private static int IndexOfNonFinite<T>(ReadOnlySpan<T> bits, T exponentMask)
        where T : unmanaged, IBinaryInteger<T>
    {
        var i = 0;
        var mask = new Vector<T>(exponentMask);
        while (i + Vector<T>.Count <= bits.Length && !Vector.EqualsAny(new Vector<T>(bits[i..]) & mask, mask))
        {
            i += Vector<T>.Count;
        }

        for (; i < bits.Length; i++)
        {
            if ((bits[i] & exponentMask) == exponentMask)
            {
                return i;
            }
        }

        return -1;
    }
}
