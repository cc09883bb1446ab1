using System.Collections.Immutable;
using Google.Protobuf;
using RnnRuntime.Import;
using RnnRuntime.Import.Onnx.Proto;
using RnnRuntime.Tests.Import.Onnx;
using DataType = RnnRuntime.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace RnnRuntime.Tests.Import.Translation;

/// <summary>What an ONNX graph becomes, and what is refused in which words.</summary>
public sealed class TranslationTests
{
    private static readonly RnnImportOptions Batch3 = new() { Fix = ImmutableDictionary<string, long>.Empty.Add("batch", 3) };

    [Fact]
    public void ABoundModelRuns()
    {
        using var model = RnnModel.FromGraph(Import(OnnxFiles.Model(), Batch3));
        using var session = model.CreateSession();
        var y = new float[6];
        session.Run([-5f, 1, 0, -3, 1, 1], y);
        Assert.Equal([0, 3, 1, 0, 2, 3], y);
    }

    [Fact]
    public void AnUnboundExtentIsRefusedWithWhatToDo() => Refused(OnnxFiles.Model(), new(), "'batch'", "--fix batch=N");

    [Fact]
    public void AnUnboundExtentMayBeTakenFromAnInput() =>
        Assert.Equal(new TensorShape(4, 2), Import(OnnxFiles.Model(), new() { InputShapes = Shapes(("x", [4, 2])) }).Inputs[0].Shape);

    [Fact]
    public void AShapeThatContradictsTheModelIsRefused() => Refused(OnnxFiles.Model(), new() { InputShapes = Shapes(("x", [4, 3])) }, "axis 1", "2");

    [Fact]
    public void AFixThatTheModelDoesNotHaveIsRefused() =>
        Refused(OnnxFiles.Model(), Batch3 with { Fix = Batch3.Fix.Add("tiem", 1) }, "tiem", "'batch'");

    [Fact]
    public void AnUnknownOperatorIsNamed() => Refused(Changed(model => model.Graph.Node[1].OpType = "Sprocket"), Batch3, "Sprocket", "Relu");

    [Fact]
    public void AnUnknownAttributeIsNamed() => Refused(OnnxFiles.WithAttribute(OnnxFiles.Attribute("wobble", 1)), Batch3, "node '#0' (Add)", "wobble");

    [Fact]
    public void AForeignDomainIsNamed() => Refused(
        Changed(model =>
        {
            model.Graph.Node[1].Domain = "com.example";
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.example", Version = 1 });
        }),
        Batch3, "com.example");

    [Fact]
    public void ShapesThatDoNotFitAreRefused() => Refused(OnnxFiles.WithTensor(OnnxFiles.Floats("w", [5], 1, 2, 3, 4, 5)), Batch3, "node '#0' (Add)", "[5]");

    [Fact]
    public void AConditionThatDependsOnAnInputIsRefused() => Refused(Chosen(), Batch3, "(If)", "'c'", "fix");

    [Theory]
    [InlineData(1, 5f)]
    [InlineData(0, -5f)]
    public void ABoundConditionChoosesItsBranch(int condition, float expected)
    {
        var graph = Import(Chosen(), Batch3 with { Fix = Batch3.Fix.Add("c", condition) });
        using var model = RnnModel.FromGraph(graph);
        using var session = model.CreateSession();
        var y = new float[6];
        session.Run([5f, 5, 5, 5, 5, 5], y);
        Assert.All(y, value => Assert.Equal(expected, value));
        Assert.True(graph.DescribeNodes().Length <= 1);
    }

    [Fact]
    public void ConditionsOnShapesAreDecided()
    {
        // Shape(x)[0] == 3, computed in the graph.
        var model = Chosen();
        model.Graph.Input.RemoveAt(1);
        model.Graph.Node.Insert(0, OnnxFiles.Node("Shape", ["x"], ["shape"]));
        model.Graph.Node.Insert(1, OnnxFiles.Node("Gather", ["shape", "zero"], ["extent"]));
        model.Graph.Node.Insert(2, OnnxFiles.Node("Equal", ["extent", "three"], ["c"]));
        model.Graph.Initializer.Add(new TensorProto { Name = "zero", DataType = DataType.Int64, Int64Data = { 0 } });
        model.Graph.Initializer.Add(new TensorProto { Name = "three", DataType = DataType.Int64, Int64Data = { 3 } });
        Assert.Equal(["identity"], Operators(Import(model, Batch3)));
        Assert.Equal(["negate"], Operators(Import(model, new() { Fix = Batch3.Fix.SetItem("batch", 2) })));
    }

    [Fact]
    public void AllRefusalsAreListedAtOnce()
    {
        var model = OnnxFiles.Model();
        model.Graph.Node.Insert(1, OnnxFiles.Node("Sprocket", ["sum"], ["a"]));
        model.Graph.Node.Insert(2, OnnxFiles.Node("Relu", ["a"], ["b"]));
        model.Graph.Node.Insert(3, OnnxFiles.Node("Gizmo", ["sum"], ["d"]));
        using var folder = new TemporaryDirectory();
        File.WriteAllBytes(folder["model.onnx"], model.ToByteArray());
        var refusals = RnnImporter.FindRefusals(folder["model.onnx"]);
        Assert.Equal(3, refusals.Length);
        Assert.Contains("batch", refusals[0], StringComparison.Ordinal);
        Assert.Contains("Sprocket", refusals[1], StringComparison.Ordinal);
        Assert.Contains("Gizmo", refusals[2], StringComparison.Ordinal);
    }

    [Fact]
    public void QuantisedOperatorsThatAreRefusedAreListed()
    {
        var model = OnnxFiles.Model();
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.microsoft", Version = 1 });
        model.Graph.Node.Insert(1, OnnxFiles.Node("QAttention", ["sum"], ["a"]));
        model.Graph.Node[1].Domain = "com.microsoft";
        model.Graph.Node.Insert(2, OnnxFiles.Node("DynamicQuantizeLSTM", ["sum"], ["b"]));
        model.Graph.Node[2].Domain = "com.microsoft";
        model.Graph.Node.Insert(3, OnnxFiles.Node("QuantizeLinear", ["sum", "w"], ["c"], OnnxFiles.Attribute("axis", 7)));
        model.Graph.Node.Insert(4, OnnxFiles.Node("MatMulInteger", ["sum", "w"], ["d"]));
        using var folder = new TemporaryDirectory();
        File.WriteAllBytes(folder["model.onnx"], model.ToByteArray());
        var refusals = RnnImporter.FindRefusals(folder["model.onnx"], Batch3);
        Assert.Equal(4, refusals.Length);
        Assert.Contains("QAttention", refusals[0], StringComparison.Ordinal);
        Assert.Contains("1 inputs", refusals[1], StringComparison.Ordinal);
        Assert.Contains("axis", refusals[2], StringComparison.Ordinal);
        Assert.Contains("int8 or uint8", refusals[3], StringComparison.Ordinal);
    }

    [Fact]
    public void RefusalsBehindARefusedNodeAreListedToo()
    {
        var model = OnnxFiles.Model();
        model.Graph.Node.Insert(1, OnnxFiles.Node("Sprocket", ["sum"], ["a"]));
        model.Graph.Node.Insert(2, OnnxFiles.Node("Gizmo", ["a"], ["b"]));
        var half = OnnxFiles.Value("half", OnnxFiles.Extent(2));
        half.Type.TensorType.ElemType = DataType.Float16;
        model.Graph.Input.Add(half);
        using var folder = new TemporaryDirectory();
        File.WriteAllBytes(folder["model.onnx"], model.ToByteArray());
        var refusals = RnnImporter.FindRefusals(folder["model.onnx"], Batch3);
        Assert.Equal(3, refusals.Length);
        Assert.Contains("float16", refusals[0], StringComparison.Ordinal);
        Assert.Contains("Sprocket", refusals[1], StringComparison.Ordinal);
        Assert.Contains("Gizmo", refusals[2], StringComparison.Ordinal);
    }

    [Fact]
    public void AnExponentMayBeAConstantInteger()
    {
        var y = Run(Single(
            OnnxFiles.Node("Pow", ["x", "two"], ["y"]), new TensorProto { Name = "two", DataType = DataType.Int64, Int64Data = { 2 } }), [3f, -4f]);
        Assert.Equal([9, 16], y);
    }

    [Fact]
    public void ABoundOfInfinityIsNone()
    {
        var model = Single(
            OnnxFiles.Node("Clip", ["x", "low", "high"], ["y"]), OnnxFiles.Floats("low", [], -1), OnnxFiles.Floats("high", [], float.PositiveInfinity));
        Assert.Equal([3, -1], Run(model, [3f, -4f]));
    }

    [Fact]
    public void PaddingWithInfinityNamesTheNode() => Refused(
        Single(
            OnnxFiles.Node("Pad", ["x", "pads", "fill"], ["y"]), new TensorProto { Name = "pads", Dims = { 2 }, DataType = DataType.Int64, Int64Data = { 1, 1 } },
            OnnxFiles.Floats("fill", [], float.NegativeInfinity)),
        new(), "(Pad)", "constant_value");

    [Fact]
    public void AnAttributeOfALaterOpsetIsUnknown()
    {
        var model = Single(
            OnnxFiles.Node("RNN", ["x3", "w", "r"], ["y"], OnnxFiles.Attribute("hidden_size", 1), OnnxFiles.Attribute("layout", 1)),
            OnnxFiles.Floats("w", [1, 1, 2], 1, 1), OnnxFiles.Floats("r", [1, 1, 1], 1));
        model.Graph.Input[0] = OnnxFiles.Value("x3", OnnxFiles.Extent(1), OnnxFiles.Extent(1), OnnxFiles.Extent(2));
        model.OpsetImport[0].Version = 13;
        Refused(model, new(), "layout");
    }

    [Fact]
    public void PairedStatesAreCarried()
    {
        // sum_out = x + sum_in, found by the names.
        var model = OnnxFiles.Model();
        model.Graph = new GraphProto
        {
            Name = "sum",
            Input = { OnnxFiles.Value("x", OnnxFiles.Extent(2)), OnnxFiles.Value("sum_in", OnnxFiles.Extent(2)) },
            Output = { OnnxFiles.Value("y"), OnnxFiles.Value("sum_out") },
            Node = { OnnxFiles.Node("Add", ["x", "sum_in"], ["sum_out"]), OnnxFiles.Node("Neg", ["sum_out"], ["y"]) },
        };
        using var paired = RnnModel.FromGraph(Import(model, new()));
        Assert.Equal(["sum_in"], paired.States.Select(state => state.Name));
        using var session = paired.CreateSession();
        var y = new float[6];
        session.Run([1f, 2, 3, 4, 5, 6], y);
        Assert.Equal([-1, -2, -4, -6, -9, -12], y);

        Assert.Equal(2, Import(model, new() { FindStates = false }).Inputs.Length);
    }

    [Fact]
    public void TokensAreCheckedWhereTheyEnter()
    {
        var model = OnnxFiles.Model();
        var tokens = OnnxFiles.Value("tokens", OnnxFiles.Extent(1));
        tokens.Type.TensorType.ElemType = DataType.Int64;
        model.Graph = new GraphProto
        {
            Name = "look-up",
            Input = { tokens },
            Output = { OnnxFiles.Value("y") },
            Initializer = { OnnxFiles.Floats("table", [3, 2], 1, 2, 3, 4, 5, 6) },
            Node = { OnnxFiles.Node("Gather", ["table", "tokens"], ["y"]) },
        };
        using var lookUp = RnnModel.FromGraph(Import(model, new()));
        using var session = lookUp.CreateSession();
        var y = new float[2];
        session.Run([2], y);
        Assert.Equal([5, 6], y);
        Assert.Throws<ArgumentException>(() => session.Run([3], y));
    }

    /// <summary>x [2] through one node to y.</summary>
    private static ModelProto Single(NodeProto node, params TensorProto[] initializers)
    {
        var model = OnnxFiles.Model();
        model.Graph = new GraphProto
        {
            Name = "single",
            Input = { OnnxFiles.Value("x", OnnxFiles.Extent(2)) },
            Output = { OnnxFiles.Value("y") },
            Initializer = { initializers },
            Node = { node },
        };
        return model;
    }

    private static float[] Run(ModelProto proto, float[] x)
    {
        using var model = RnnModel.FromGraph(Import(proto, new()));
        using var session = model.CreateSession();
        var y = new float[model.Outputs[0].Shape.ElementCount];
        session.Run(x, y);
        return y;
    }

    private static ModelProto Chosen()
    {
        var model = OnnxFiles.Model();
        model.Graph.Node.Clear();
        model.Graph.Initializer.Clear();
        model.Graph.Node.Add(OnnxFiles.Node(
            "If", ["c"], ["y"],
            OnnxFiles.Attribute("then_branch", OnnxFiles.Branch("same", 0, OnnxFiles.Node("Identity", ["x"], ["same"]))),
            OnnxFiles.Attribute("else_branch", OnnxFiles.Branch("negated", 1, OnnxFiles.Node("Neg", ["x"], ["negated"])))));
        var condition = OnnxFiles.Value("c");
        condition.Type.TensorType.ElemType = DataType.Bool;
        model.Graph.Input.Add(condition);
        return model;
    }

    private static ModelProto Changed(Action<ModelProto> change)
    {
        var model = OnnxFiles.Model();
        change(model);
        return model;
    }

    private static RnnGraph Import(ModelProto model, RnnImportOptions options) => RnnImporter.Import(model.ToByteArray(), options);

    private static void Refused(ModelProto model, RnnImportOptions options, params string[] parts)
    {
        var exception = Assert.Throws<RnnImportException>(() => Import(model, options));
        Assert.All(parts, part => Assert.Contains(part, exception.Message, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Operators(RnnGraph graph) => graph.DescribeNodes().Select(node => node.Operator).DefaultIfEmpty("identity");

    private static ImmutableDictionary<string, ImmutableArray<int>> Shapes(params (string Name, ImmutableArray<int> Shape)[] shapes) =>
        shapes.ToImmutableDictionary(shape => shape.Name, shape => shape.Shape);
}
