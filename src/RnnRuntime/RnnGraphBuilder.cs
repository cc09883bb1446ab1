using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Graph;

namespace RnnRuntime;

/// <summary>
/// Builds a graph in code. Shapes are those of one step of one stream; time and batch belong to the session. Layers with memory get their
/// state variables by themselves, named <c>NODE.h</c>, <c>NODE.c</c> or <c>NODE.taps</c>. Weights are copied. Not for use by two threads
/// at once.
/// </summary>
public sealed partial class RnnGraphBuilder
{
    private readonly ImmutableArray<Value>.Builder _inputs = ImmutableArray.CreateBuilder<Value>();
    private readonly ImmutableArray<(string Name, Value Value)>.Builder _outputs = ImmutableArray.CreateBuilder<(string, Value)>();
    private readonly ImmutableArray<Node>.Builder _nodes = ImmutableArray.CreateBuilder<Node>();
    private readonly HashSet<string> _outputNames = new(StringComparer.Ordinal);
    private readonly List<(string Name, Value Input, Value? Output, Constant? Initial)> _states = [];
    private readonly Dictionary<string, int> _stateOfName = new(StringComparer.Ordinal);
    private readonly Dictionary<Value, int> _stateOfInput = new(ReferenceEqualityComparer.Instance);
    private readonly ImmutableSortedDictionary<string, string>.Builder _metadata = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
    private readonly HashSet<string> _nodeNames = new(StringComparer.Ordinal);
    private readonly HashSet<string> _valueNames = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _counters = new(StringComparer.Ordinal);

    /// <summary>Starts an empty graph.</summary>
    public RnnGraphBuilder()
    {
    }

    /// <summary>Adds a float32 input.</summary>
    /// <param name="name">A name no other tensor has.</param>
    /// <param name="shape">Its shape for one step of one stream; empty for a scalar.</param>
    /// <exception cref="ArgumentException">The name is taken or the shape not valid.</exception>
    public TensorRef Input(string name, params ReadOnlySpan<int> shape) => AddInput(name, TensorType.Float32, shape);

    /// <summary>Adds an int32 input, such as token ids for <see cref="Embedding"/>.</summary>
    /// <param name="name">A name no other tensor has.</param>
    /// <param name="shape">Its shape for one step of one stream; empty for a single index.</param>
    /// <exception cref="ArgumentException">The name is taken or the shape not valid.</exception>
    public TensorRef InputIndices(string name, params ReadOnlySpan<int> shape) => AddInput(name, TensorType.Int32, shape);

    /// <summary>Makes a tensor an output of the graph.</summary>
    /// <param name="name">The name callers use; unique among outputs.</param>
    /// <param name="value">Any tensor of this graph.</param>
    /// <exception cref="ArgumentException">The name is taken or the tensor belongs to another builder.</exception>
    public void Output(string name, TensorRef value)
    {
        CheckName(name, nameof(name));
        var owned = Own(value, nameof(value));
        if (!_outputNames.Add(name))
        {
            throw new ArgumentException($"Output names differ; found a second output '{name}'.", nameof(name));
        }

        _outputs.Add((name, owned));
    }

    /// <summary>Adds text that travels with the model, or replaces what the key held.</summary>
    /// <param name="key">Not empty.</param>
    /// <param name="value">Any text.</param>
    /// <exception cref="ArgumentException">The key is empty or a text is not well-formed Unicode.</exception>
    public void Metadata(string key, string value)
    {
        CheckName(key, nameof(key));
        ArgumentNullException.ThrowIfNull(value);
        if (!Names.IsWellFormed(value))
        {
            throw new ArgumentException("Metadata is well-formed Unicode; found an unpaired surrogate.", nameof(value));
        }

        _metadata[key] = value;
    }

    /// <summary>
    /// Adds a float32 state variable and returns the value that the last step left in it (zeros at first). <see cref="SetNextState"/> says
    /// what replaces it.
    /// </summary>
    /// <param name="name">A name no other state has.</param>
    /// <param name="shape">Its shape for one stream; empty for a scalar.</param>
    /// <exception cref="ArgumentException">The name is taken or the shape not valid.</exception>
    public TensorRef State(string name, params ReadOnlySpan<int> shape)
    {
        CheckName(name, nameof(name));
        CheckRank(shape, nameof(shape));
        return new TensorRef(this, AddState(name, $"{name}.in", new TensorShape(shape)));
    }

    /// <summary>Says what replaces a state after each step.</summary>
    /// <param name="state">What <see cref="State"/> returned.</param>
    /// <param name="next">A float32 tensor of the state's shape.</param>
    /// <exception cref="ArgumentException">Not a state of this builder, a shape that differs, or set already.</exception>
    public void SetNextState(TensorRef state, TensorRef next)
    {
        var input = Own(state, nameof(state));
        var output = Own(next, nameof(next));
        if (!_stateOfInput.TryGetValue(input, out var index))
        {
            throw new ArgumentException($"Expected a tensor that {nameof(State)} returned; found {state}.", nameof(state));
        }

        if (_states[index].Output is not null)
        {
            throw new ArgumentException($"The next value of state '{_states[index].Name}' is set already.", nameof(state));
        }

        if (output.Type != input.Type || output.Shape != input.Shape)
        {
            throw new ArgumentException($"Expected {Names.Describe(input.Type, input.Shape)} as the state; found {Names.Describe(output.Type, output.Shape)}.", nameof(next));
        }

        SetStateOutput(input, output);
    }

    /// <summary>Says what a state holds before the first step and after a reset, instead of zeros.</summary>
    /// <param name="name">A state's name: what <see cref="State"/> was given, or a layer's, such as <c>lstm1.h</c>.</param>
    /// <param name="values">As many as the state has elements, row-major, finite; copied.</param>
    /// <exception cref="ArgumentException">No state has the name, the length is not the state's, or a number is not finite.</exception>
    public void SetInitialState(string name, ReadOnlySpan<float> values)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!_stateOfName.TryGetValue(name, out var index))
        {
            throw new ArgumentException($"Expected the name of a state; found {Names.Quote(name)}.", nameof(name));
        }

        var shape = _states[index].Input.Shape;
        CheckData(values, shape.ElementCount, $"{shape}", nameof(values));
        _states[index] = _states[index] with { Initial = CopyConstant($"{name}.initial", values, shape) };
    }

    /// <summary>Makes the graph. The builder can go on afterwards; graphs made before do not change.</summary>
    /// <exception cref="InvalidOperationException">There is no output, a state has no next value, or another rule of the format is broken.</exception>
    public RnnGraph Build()
    {
        var states = ImmutableArray.CreateBuilder<StateVariable>(_states.Count);
        foreach (var (name, input, output, initial) in _states)
        {
            states.Add(new StateVariable(
                name, input, output ?? throw new InvalidOperationException($"State '{name}' has no next value; expected a call of {nameof(SetNextState)}."), initial));
        }

        var graph = new RnnGraph(_inputs.ToImmutable(), _outputs.ToImmutable(), states.MoveToImmutable(), _nodes.ToImmutable(), _metadata.ToImmutable());
        try
        {
            GraphValidator.Validate(graph);
        }
        catch (RnnFormatException exception)
        {
            throw new InvalidOperationException(exception.Message, exception);
        }

        return graph;
    }

    private TensorRef AddInput(string name, TensorType type, ReadOnlySpan<int> shape)
    {
        CheckName(name, nameof(name));
        CheckRank(shape, nameof(shape));
        var value = NewValue(name, type, new TensorShape(shape));
        _inputs.Add(value);
        return new TensorRef(this, value);
    }

    private Value AddState(string name, string valueName, TensorShape shape)
    {
        if (_stateOfName.ContainsKey(name))
        {
            throw new ArgumentException($"State names differ; found a second state '{name}'.", nameof(name));
        }

        var input = NewValue(valueName, TensorType.Float32, shape);
        _stateOfName.Add(name, _states.Count);
        _stateOfInput.Add(input, _states.Count);
        _states.Add((name, input, null, null));
        return input;
    }

    private void SetStateOutput(Value input, Value output)
    {
        var index = _stateOfInput[input];
        _states[index] = _states[index] with { Output = output };
    }

    private Value NewValue(string name, TensorType type, TensorShape shape)
    {
        if (!_valueNames.Add(name))
        {
            throw new ArgumentException($"Tensor names differ; found a second tensor '{name}'.", nameof(name));
        }

        return new Value(name, type, shape);
    }

    /// <summary>The given name where there is one, otherwise the operator's with a number: lstm1, lstm2, ...</summary>
    private string NodeName(string? name, string operatorName)
    {
        if (name is not null)
        {
            CheckName(name, nameof(name));
            return _nodeNames.Add(name) ? name : throw new ArgumentException($"Node names differ; found a second node '{name}'.", nameof(name));
        }

        string candidate;
        do
        {
            _counters[operatorName] = _counters.GetValueOrDefault(operatorName) + 1;
            candidate = $"{operatorName}{_counters[operatorName]}";
        }
        while (!_nodeNames.Add(candidate));
        return candidate;
    }

    private TensorRef Add(Node node)
    {
        try
        {
            ShapeRules.Check(node, node.Name);
        }
        catch (RnnFormatException exception)
        {
            _nodeNames.Remove(node.Name);
            _valueNames.ExceptWith(node.Outputs.Select(output => output.Name));
            throw new ArgumentException(exception.Message, exception);
        }

        _nodes.Add(node);
        return new TensorRef(this, node.Outputs[0]);
    }

    private Value Own(TensorRef reference, string parameter)
    {
        ArgumentNullException.ThrowIfNull(reference, parameter);
        return ReferenceEquals(reference.Owner, this)
            ? reference.Value
            : throw new ArgumentException($"Expected a tensor of this builder; {reference} belongs to another.", parameter);
    }

    private static void CheckName(string name, string parameter)
    {
        ArgumentNullException.ThrowIfNull(name, parameter);
        if (!Names.IsValid(name))
        {
            throw new ArgumentException($"A name has 1 to {Names.MaxLength} characters of well-formed Unicode; found {Names.Quote(name)}.", parameter);
        }
    }

    private static void CheckRank(ReadOnlySpan<int> shape, string parameter)
    {
        if (shape.Length > ShapeRules.MaxRank)
        {
            throw new ArgumentException($"A shape has at most {ShapeRules.MaxRank} extents; found {shape.Length}.", parameter);
        }
    }

    private static Constant CopyConstant(string name, ReadOnlySpan<float> data, TensorShape shape) =>
        new(name, TensorType.Float32, shape, MemoryMarshal.AsBytes(data).ToArray());
}
