using RnnRuntime.Graph;
using RnnRuntime.Graph.Passes;

namespace RnnRuntime.Tests.Import.Passes;

public sealed class ElementwiseFusionTests
{
    [Fact]
    public void AChainIsOneNode()
    {
        var sketch = new PassSketch(1);
        var (x, z) = (sketch.Input("x", 600), sketch.Input("z", 600));
        var y = sketch.Emit.Select(x, sketch.Tanh(sketch.Add(x, z)), sketch.Emit.Unary(UnaryOperator.Affine, sketch.Multiply(x, z), 2, 0.5f));
        sketch.Output("y", sketch.Sigmoid(y));
        var fused = Assert.IsType<FusedNode>(Assert.Single(Fused(sketch).Nodes));
        Assert.Equal([x, z], fused.Operands.OrderBy(operand => operand.Name));
        Assert.Equal(6, fused.Operations.Length);
        Assert.Equal((2f, 0.5f), (fused.Operations.Single(each => each.Unary == UnaryOperator.Affine).Alpha, fused.Operations.Single(each => each.Unary == UnaryOperator.Affine).Beta));
    }

    [Fact]
    public void AResultThatIsAlsoAnOutputEndsAChain()
    {
        var sketch = new PassSketch(2);
        var middle = sketch.Tanh(sketch.Sigmoid(sketch.Input("x", 5)));
        sketch.Output("middle", middle);
        sketch.Output("y", sketch.Emit.Unary(UnaryOperator.Exp, sketch.Emit.Unary(UnaryOperator.Abs, middle)));
        Assert.Equal(["fused", "fused"], PassBits.Operators(Fused(sketch)));
    }

    [Fact]
    public void AResultThatReplacesAStateEndsAChain()
    {
        var sketch = new PassSketch(3);
        var (x, state) = (sketch.Input("x", 5), sketch.State("memory", 5));
        var next = sketch.Tanh(sketch.Add(x, state));
        sketch.Next(state, next);
        sketch.Output("y", sketch.Sigmoid(next));
        Assert.Equal(["fused", "sigmoid"], PassBits.Operators(Fused(sketch)));
    }

    [Fact]
    public void AResultThatOthersReadEndsAChain()
    {
        var sketch = new PassSketch(4);
        var shared = sketch.Tanh(sketch.Input("x", 4));
        sketch.Output("y", sketch.Add(sketch.Sigmoid(shared), sketch.Linear(shared, 4)));
        Assert.Equal(["tanh", "linear", "fused"], PassBits.Operators(Fused(sketch)));
    }

    [Fact]
    public void AResultThatTheSameChainReadsTwiceIsInside()
    {
        var sketch = new PassSketch(5);
        var shared = sketch.Tanh(sketch.Input("x", 4));
        sketch.Output("y", sketch.Add(sketch.Sigmoid(shared), sketch.Multiply(shared, shared)));
        Assert.Equal(["fused"], PassBits.Operators(Fused(sketch)));
    }

    [Fact]
    public void AnOperationOnAPartIsNotRepeatedForTheWhole()
    {
        var sketch = new PassSketch(6);
        var row = sketch.Tanh(sketch.Input("z", 4));
        sketch.Output("y", sketch.Sigmoid(sketch.Add(sketch.Input("x", 3, 4), row)));
        var graph = Fused(sketch);
        Assert.Equal(["tanh", "fused"], PassBits.Operators(graph));
    }

    [Fact]
    public void ASingleOperationAnIdentityAndComparisonsOfIntegersStay()
    {
        var sketch = new GraphSketch();
        var (x, ids) = (sketch.Input("x", TensorType.Float32, 3), sketch.Input("ids", TensorType.Int32, 3));
        var same = sketch.Add("same", (name, output) => new BinaryNode(name, BinaryOperator.Less, ids, ids, output), 3);
        var identity = sketch.Add("identity", (name, output) => new UnaryNode(name, UnaryOperator.Identity, x, output), 3);
        sketch.Output("y", sketch.Add("add", (name, output) => new BinaryNode(name, BinaryOperator.Add, same, identity, output), 3));
        var graph = sketch.Build();
        Assert.Same(graph, PassBits.Check(ElementwiseFusion.Run, graph));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(64)]
    public void ALongChainIsCutWhereTheLimitsAre(int length)
    {
        var sketch = new PassSketch(7);
        var x = sketch.Input("x", 9);
        for (var i = 0; i < length; i++)
        {
            x = i % 2 == 0 ? sketch.Tanh(x) : sketch.Sigmoid(x);
        }

        sketch.Output("y", x);
        var graph = Fused(sketch);
        Assert.Equal((length + ShapeRules.MaxFusedOperations - 1) / ShapeRules.MaxFusedOperations, graph.Nodes.Length);
        Assert.Equal(length, graph.Nodes.OfType<FusedNode>().Sum(node => node.Operations.Length));
    }

    [Fact]
    public void ASumOfManyIsCutWhereTheOperandsEnd()
    {
        var sketch = new PassSketch(8);
        var sum = sketch.Input("x", 3);
        for (var i = 0; i < 40; i++)
        {
            sum = sketch.Add(sum, sketch.Input($"x{i}", 3));
        }

        sketch.Output("y", sum);
        Assert.All(Fused(sketch).Nodes, node => Assert.InRange(node.Inputs.Length, 1, ShapeRules.MaxFusedInputs));
    }

    private static RnnGraph Fused(PassSketch sketch) => PassBits.Check(ElementwiseFusion.Run, sketch.Build());
}
