using RnnRuntime.Formats;
using RnnRuntime.Graph;
using RnnRuntime.Graph.Passes;

namespace RnnRuntime.Tests;

/// <summary>Each kind of node alone passes every stage that has a rule for each kind.</summary>
public sealed class NodeKindTests
{
    public static TheoryData<string> Kinds =>
        [.. typeof(Node).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Node)) && !type.IsAbstract).Select(type => type.Name).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void InputsAreReplaced(string kind)
    {
        foreach (var node in Samples(kind))
        {
            var others = node.Inputs.Distinct().ToDictionary(input => input, input => new Value($"{input.Name}.other", input.Type, input.Shape));
            var rewritten = NodeRewriter.WithInputs(node, input => others[input]);
            Assert.Equal(node.GetType(), rewritten.GetType());
            Assert.Equal(node.Inputs.Select(input => others[input]), rewritten.Inputs);
            Assert.Equal(node.Outputs, rewritten.Outputs);
            Assert.Equal(node.Constants, rewritten.Constants);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AFileKeepsTheNode(string kind)
    {
        foreach (var node in Samples(kind))
        {
            var bytes = SampleGraphs.Write(Alone(node));
            var read = RnnFileReader.Read(bytes).Graph;
            var found = Assert.Single(read.Nodes);
            Assert.Equal((node.Name, node.Operator, node.GetType()), (found.Name, found.Operator, found.GetType()));
            Assert.Equal(node.Inputs.Select(input => input.Name), found.Inputs.Select(input => input.Name));
            Assert.Equal(node.Outputs.Select(Describe), found.Outputs.Select(Describe));
            Assert.Equal(node.Constants.Length, found.Constants.Length);
            Assert.Equal(bytes, SampleGraphs.Write(read));
        }

        static (string, TensorType, string) Describe(Value value) => (value.Name, value.Type, $"{value.Shape}");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void ThePlanHasAStepForIt(string kind)
    {
        foreach (var node in Samples(kind))
        {
            var graph = Alone(node);
            GraphValidator.Validate(graph);
            using var model = RnnModel.FromGraph(graph);
            Assert.Equal(node.Outputs.Select(output => output.Name), model.Outputs.Select(output => output.Name));
        }
    }

    /// <summary>A graph whose inputs are those of the node.</summary>
    private static RnnGraph Alone(Node node)
    {
        var sample = SampleGraphs.Layers();
        return new RnnGraph([.. node.Inputs.Distinct()], [.. node.Outputs.Select(output => (output.Name, output))], [], [node], sample.Metadata);
    }

    private static List<Node> Samples(string kind)
    {
        var nodes = SampleGraphs.Layers().Nodes.AddRange(SampleGraphs.Operators().Nodes).Where(node => node.GetType().Name == kind).ToList();
        Assert.True(nodes.Count > 0, $"SampleGraphs has no {kind}.");
        return nodes;
    }
}
