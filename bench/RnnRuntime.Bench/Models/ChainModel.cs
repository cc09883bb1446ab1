namespace RnnRuntime.Bench.Models;

/// <summary>Nodes that each have next to nothing to do and that cannot be joined: an 8x8 product and a softmax in turn.</summary>
internal static class ChainModel
{
    private const int Seed = 20245;
    private const int Width = 8;

    internal static ModelProblem Build(int nodes)
    {
        var writer = new OnnxGraphWriter(Seed);
        string x = writer.Input("x", 1, Width);
        while (writer.NodeCount < nodes - 1)
        {
            x = writer.NodeCount % 2 == 0
                ? writer.Node("Gemm", [x, writer.Weights(1, Width, Width), writer.Weights(1, Width)])
                : writer.Node("Softmax", [x]);
        }

        writer.Output("y", "Softmax", [x], [1, Width]);
        return writer.Build($"chain, {nodes} nodes");
    }
}
