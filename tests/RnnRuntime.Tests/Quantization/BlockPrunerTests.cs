using RnnRuntime.Graph;
using RnnRuntime.Quantization;
using RnnRuntime.Tests.Kernels;

namespace RnnRuntime.Tests.Quantization;

/// <summary>Which blocks are made zeros.</summary>
public sealed class BlockPrunerTests
{
    [Theory]
    [InlineData(32, 32, 1, 0.5)]
    [InlineData(32, 32, 4, 0.3)]
    [InlineData(60, 33, 3, 0.1)]
    [InlineData(44, 7, 4, 0.77)]
    [InlineData(8, 4, 1, 0.2)]
    public void TheShareIsExactAndTheLargestStay(int rows, int columns, int gates, double density)
    {
        var random = new Random(rows);
        var before = TestWeights.Float32(rows, columns, [.. TestWeights.Uniform(random, rows * columns).Select(value => value + 2f)]);
        var after = BlockPruner.Prune(before, gates, density);
        var gateRows = rows / gates;
        var blocks = gates * ((gateRows + 7) / 8) * ((columns + 3) / 4);
        var (kept, pruned) = (new List<double>(), new List<double>());
        for (var gate = 0; gate < gates; gate++)
        {
            for (var row = 0; row < gateRows; row += 8)
            {
                for (var column = 0; column < columns; column += 4)
                {
                    var (was, isNow) = (new List<float>(), new List<float>());
                    for (var i = 0; i < 32; i++)
                    {
                        if (row + (i / 4) < gateRows && column + (i % 4) < columns)
                        {
                            var at = (((gate * gateRows) + row + (i / 4)) * columns) + column + (i % 4);
                            was.Add(before.Values.Floats()[at]);
                            isNow.Add(after.Values.Floats()[at]);
                        }
                    }

                    Assert.True(isNow.SequenceEqual(was) || isNow.All(value => value == 0), $"gate {gate}, row {row}, column {column} is torn");
                    (isNow[0] == 0 ? pruned : kept).Add(was.Sum(value => (double)value * value));
                }
            }
        }

        Assert.Equal(Math.Max(1, (int)Math.Round(density * blocks, MidpointRounding.AwayFromZero)), kept.Count);
        Assert.True(pruned.Count == 0 || pruned.Max() <= kept.Min());
    }

    [Fact]
    public void OfEqualBlocksTheEarlierStay()
    {
        var weights = TestWeights.Float32(8, 16, [.. Enumerable.Repeat(-1f, 128)]);
        var values = BlockPruner.Prune(weights, 1, 0.5).Values.Floats();
        for (var i = 0; i < values.Length; i++)
        {
            Assert.Equal(i % 16 < 8 ? -1f : 0f, values[i]);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void ADensityOutOfRangeIsRefused(double density)
    {
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => BlockPruner.Prune(TestWeights.Float32(8, 4, new float[32]), 1, density));
        Assert.Contains("above 0 and at most 1", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void QuantisedWeightsAreRefused()
    {
        var exception = Assert.Throws<ArgumentException>(() => BlockPruner.Prune(TestWeights.Int8(8, 4, new sbyte[32], new float[8]), 1, 0.5));
        Assert.Contains("'w' has int8 weights; pruning takes float32", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NamedNodesAndTablesStayAndSharedTensorsArePrunedOnce()
    {
        var random = new Random(1);
        var builder = new RnnGraphBuilder();
        var x = builder.Embedding(builder.InputIndices("x"), 16, 16, TestWeights.Uniform(random, 256));
        x = builder.Linear(x, 16, TestWeights.Uniform(random, 256), name: "first");
        x = builder.Linear(x, 16, TestWeights.Uniform(random, 256), name: "second");
        builder.Output("y", builder.Linear(x, 16, TestWeights.Uniform(random, 256), name: "kept"));
        var nodes = builder.Build().Nodes;
        var first = (LinearNode)nodes.Single(node => node.Name == "first");
        nodes = [.. nodes.Select(node => node.Name == "second" ? (LinearNode)node with { Weights = first.Weights } : node)];
        var pruned = BlockPruner.Prune(nodes, 0.25, new HashSet<string> { "kept" });
        Assert.Same(nodes[0], pruned[0]);
        Assert.Same(nodes[3], pruned[3]);
        var values = ((LinearNode)pruned[1]).Weights.Values;
        Assert.Same(values, ((LinearNode)pruned[2]).Weights.Values);
        Assert.Equal(2 * 32, values.Floats().ToArray().Count(value => value != 0));
    }

    /// <summary>A node that keeps its weights keeps them where another shares them.</summary>
    [Fact]
    public void ATensorThatAKeptNodeSharesStays()
    {
        var random = new Random(1);
        var builder = new RnnGraphBuilder();
        var x = builder.Linear(builder.Input("x", 16), 16, TestWeights.Uniform(random, 256), name: "first");
        builder.Output("y", builder.Linear(x, 16, TestWeights.Uniform(random, 256), name: "kept"));
        var nodes = builder.Build().Nodes;
        nodes = [nodes[0], (LinearNode)nodes[1] with { Weights = ((LinearNode)nodes[0]).Weights }];
        Assert.Equal(nodes, BlockPruner.Prune(nodes, 0.5, new HashSet<string> { "kept" }));
    }
}
