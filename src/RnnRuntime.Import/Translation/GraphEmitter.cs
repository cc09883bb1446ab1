using System.Collections.Immutable;
using System.Runtime.InteropServices;
using RnnRuntime.Graph;
using RnnRuntime.Import.Folding;
using RnnRuntime.Import.Tensors;

namespace RnnRuntime.Import.Translation;

/// <summary>Makes nodes of the core graph with names of their own, in the order in which they are asked for.</summary>
internal sealed class GraphEmitter(RnnImportLimits limits)
{
    private const long WorkPerElement = 8;

    private readonly ImmutableArray<Node>.Builder _nodes = ImmutableArray.CreateBuilder<Node>();
    private readonly Dictionary<string, int> _valueNames = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _nodeNames = new(StringComparer.Ordinal);
    private readonly Dictionary<HostTensor, Value> _constants = new(ReferenceEqualityComparer.Instance);
    private int _constantCount;
    private long _work;

    public ImmutableArray<Node> Nodes => _nodes.ToImmutable();

    /// <summary>Nodes of the file that were computed while it was imported.</summary>
    public int FoldedNodes { get; set; }

    /// <summary>What nodes and values that follow are named after.</summary>
    public string Scope { get; set; } = "graph";

    public Value NewValue(string hint, TensorType type, TensorShape shape)
    {
        Spend(shape.ElementCount);
        return new Value(Unique(_valueNames, hint), type, shape);
    }

    /// <summary>
    /// Counts elements that are computed, moved or multiplied while the model is imported, which a few bytes of a file can ask for again and
    /// again: all together they stay within a multiple of the largest tensor allowed.
    /// </summary>
    public void Spend(long elements)
    {
        var most = Math.Min(limits.MaximumElements, int.MaxValue) * WorkPerElement;
        _work += elements;
        if (_work > most)
        {
            throw new RnnImportException(
                Scope, $"tensors of more than {most} elements together", $"at most that ({WorkPerElement} times the limit {nameof(RnnImportLimits.MaximumElements)})");
        }
    }

    public Value NewValue(TensorType type, TensorShape shape) => NewValue(Scope, type, shape);

    public string NewNodeName() => Unique(_nodeNames, Scope);

    public void Add(Node node)
    {
        if (_nodes.Count >= limits.MaximumNodes)
        {
            throw new RnnImportException("graph", $"more than {limits.MaximumNodes} operations", $"at most {limits.MaximumNodes} (limit {nameof(RnnImportLimits.MaximumNodes)})");
        }

        _nodes.Add(node);
    }

    /// <summary>A tensor of the core's types: float32 as it is, booleans as 0 and 1, integers of 8 and 16 bits as float32, others that fit as int32.</summary>
    public Constant NewConstant(string location, HostTensor tensor)
    {
        var shape = ShapeOf(location, tensor.Shape);
        var name = NextConstantName();
        switch (tensor.Type)
        {
            case ElementType.Float32:
                CheckFinite(location, tensor.Values<float>());
                return new Constant(name, TensorType.Float32, shape, tensor.Data);
            case ElementType.Bool:
                return Floats(name, shape, [.. tensor.Data.ToArray().Select(flag => flag == 0 ? 0f : 1f)]);
            case ElementType.Int8 or ElementType.UInt8 or ElementType.Int16 or ElementType.UInt16:
                tensor.TryGetIntegers(out var small);
                return Floats(name, shape, [.. small.Select(value => (float)value)]);
            default:
                if (!tensor.TryGetIntegers(out var integers))
                {
                    throw new RnnImportException(location, $"{tensor}", "a tensor of float32, bool or integers; cast it to float32 in the model");
                }

                var narrow = integers.Select(value => value == (int)value
                    ? (int)value
                    : throw new RnnImportException(location, $"the integer {value}", "integers of 32 bits where they are not folded")).ToArray();
                return new Constant(name, TensorType.Int32, shape, MemoryMarshal.AsBytes(narrow.AsSpan()).ToArray());
        }
    }

    public Constant NewConstant(ReadOnlySpan<float> values, params ReadOnlySpan<int> shape)
    {
        CheckFinite(Scope, values);
        return Floats(NextConstantName(), new TensorShape(shape), values);
    }

    public Constant NewInt8Constant(ReadOnlySpan<sbyte> values, params ReadOnlySpan<int> shape) =>
        new(NextConstantName(), TensorType.Int8, new TensorShape(shape), MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>The value of a constant operand, made once.</summary>
    public Value ValueOf(string location, HostTensor tensor)
    {
        if (!_constants.TryGetValue(tensor, out var value))
        {
            _constants.Add(tensor, value = ValueOf(NewConstant(location, tensor)));
        }

        return value;
    }

    public Value ValueOf(Constant constant)
    {
        var output = NewValue(constant.Type, constant.Shape);
        Add(new ConstantNode(NewNodeName(), output, constant));
        return output;
    }

    /// <summary>An operand as a value of the type that computes its type in a step.</summary>
    public Value ValueOf(string location, Operand operand) => operand switch
    {
        { IsConstant: true } => ValueOf(location, operand.Constant),
        { IsRounded: true } => throw new RnnImportException(
            location, $"{operand}, sums of products that may be beyond 2^24", "Cast to float32 or DequantizeLinear as their only readers, since float32 computes them"),
        { Type: ElementType.Int32, Value.Type: TensorType.Float32 } => Cast(operand.Value, TensorType.Int32),
        _ => operand.Value,
    };

    public Value Cast(Value x, TensorType type)
    {
        var output = NewValue(type, x.Shape);
        Add(new CastNode(NewNodeName(), x, output));
        return output;
    }

    public Value Scalar(float value) => ValueOf(NewConstant([value]));

    public Value Unary(UnaryOperator function, Value x, float alpha = 0, float beta = 0)
    {
        var output = NewValue(TensorType.Float32, x.Shape);
        Add(new UnaryNode(NewNodeName(), function, x, output, alpha, beta));
        return output;
    }

    public Value Binary(BinaryOperator function, Value left, Value right)
    {
        var output = NewValue(TensorType.Float32, ShapeRules.Broadcast(Scope, "inputs.right", left.Shape, right.Shape));
        Add(new BinaryNode(NewNodeName(), function, left, right, output));
        return output;
    }

    public Value Select(Value condition, Value whenTrue, Value whenFalse)
    {
        var output = NewValue(TensorType.Float32, ShapeRules.SelectOutput(Scope, condition, whenTrue, whenFalse));
        Add(new SelectNode(NewNodeName(), condition, whenTrue, whenFalse, output));
        return output;
    }

    public Value View(Value x, TensorShape shape, ReadOnlySpan<int> strides, int offset)
    {
        var node = new ViewNode(NewNodeName(), x, NewValue(x.Type, shape), [.. strides], offset);
        if (shape == x.Shape && offset == 0 && node.IsContiguous)
        {
            return x;
        }

        Add(node);
        return node.Output;
    }

    public Value Reshape(Value x, params ReadOnlySpan<int> dimensions)
    {
        var shape = new TensorShape(dimensions);
        return View(x, shape, ViewNode.RowMajorStrides(shape), 0);
    }

    public Value Transpose(Value x, params ReadOnlySpan<int> permutation)
    {
        var own = ViewNode.RowMajorStrides(x.Shape);
        var (extents, strides) = (new int[permutation.Length], new int[permutation.Length]);
        for (var i = 0; i < permutation.Length; i++)
        {
            extents[i] = x.Shape[permutation[i]];
            strides[i] = own[permutation[i]];
        }

        return View(x, new TensorShape(extents), strides, 0);
    }

    /// <summary>One index of an axis; the axis stays, with extent 1.</summary>
    public Value Slice(Value x, int axis, int start, int count)
    {
        var strides = ViewNode.RowMajorStrides(x.Shape);
        int[] extents = [.. x.Shape.Dimensions];
        extents[axis] = count;
        return View(x, new TensorShape(extents), strides, start * strides[axis]);
    }

    public Value Concat(ImmutableArray<Value> parts, int axis)
    {
        if (parts.Length == 1)
        {
            return parts[0];
        }

        var output = NewValue(parts[0].Type, ShapeRules.ConcatOutput(Scope, parts, axis));
        Add(new ConcatNode(NewNodeName(), parts, output, axis));
        return output;
    }

    public Value Pick(ImmutableArray<Value> sources, TensorShape shape, ReadOnlySpan<int> map, float fill)
    {
        var output = NewValue(sources[0].Type, shape);
        var constant = new Constant(NextConstantName(), TensorType.Int32, new TensorShape(map.Length), MemoryMarshal.AsBytes(map).ToArray());
        Add(new PickNode(NewNodeName(), sources, output, constant, fill));
        return output;
    }

    public Value Linear(Value x, Constant weights, Constant? bias)
    {
        var matrix = new RnnRuntime.Graph.Weights(weights, null);
        var output = NewValue(TensorType.Float32, ShapeRules.LinearOutput(Scope, x, matrix));
        Add(new LinearNode(NewNodeName(), x, output, matrix, bias));
        return output;
    }

    public Value MatMul(Value left, Value right)
    {
        var output = NewValue(TensorType.Float32, ShapeRules.MatMulOutput(Scope, left, right));
        Add(new MatMulNode(NewNodeName(), left, right, output));
        return output;
    }

    public Value Reduce(ReduceOperator function, Value x)
    {
        var output = NewValue(TensorType.Float32, ShapeRules.ReduceOutput(Scope, x));
        Add(new ReduceNode(NewNodeName(), function, x, output));
        return output;
    }

    public TensorShape ShapeOf(string location, ImmutableArray<int> dimensions)
    {
        ShapeArithmetic.CountElements(location, dimensions, limits);
        if (dimensions.Any(extent => extent < 1))
        {
            throw new RnnImportException(location, $"a tensor of shape [{string.Join(", ", dimensions)}]", "at least one element where a step computes it");
        }

        return ShapeRules.Shape(location, "shape", dimensions.AsSpan());
    }

    private string NextConstantName() => $"{Shorten(Scope)}.{_constantCount++}";

    private static Constant Floats(string name, TensorShape shape, ReadOnlySpan<float> values) =>
        new(name, TensorType.Float32, shape, MemoryMarshal.AsBytes(values).ToArray());

    private static void CheckFinite(string location, ReadOnlySpan<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                throw new RnnImportException(location, $"a constant with {values[i]} at element {i}", "finite numbers");
            }
        }
    }

    // The count is kept for each stem, so that many nodes of one name take no quadratic time.
    private static string Unique(Dictionary<string, int> names, string hint)
    {
        var stem = Shorten(hint);
        var name = stem;
        while (!names.TryAdd(name, 1))
        {
            name = $"{stem}_{++names[stem]}";
        }

        return name;
    }

    /// <summary>A name that the core accepts, whatever the file says.</summary>
    private static string Shorten(string name)
    {
        name = Names.IsWellFormed(name) ? name : "name";
        name = name.Length <= 200 ? name : name[..(char.IsHighSurrogate(name[199]) ? 199 : 200)];
        return name.Length == 0 ? "value" : name.StartsWith(Names.GoldenPrefix, StringComparison.Ordinal) || name.StartsWith(Names.ReservedPrefix, StringComparison.Ordinal) ? "_." + name : name;
    }
}
