using RnnRuntime.Import.Layers;

namespace RnnRuntime.Tests.Import.Layers;

/// <summary>NAM files against vectors made by the project's own engine.</summary>
public sealed class NamTests
{
    private const double Tolerance = 1e-5;
    private const int Block = 64;

    [Theory]
    [InlineData("lstm")]
    [InlineData("syn_l2h16")]
    public void VectorsAreMetFromTheStoredState(string name)
    {
        var (graph, x, folder) = Load(name);
        LayerRuns.Near(LayerRuns.ReadNpy(Path.Combine(folder, $"{name}_y.npy")), LayerRuns.Run(graph, x), Tolerance);
    }

    [Theory]
    [InlineData("lstm")]
    [InlineData("syn_l2h16")]
    public void VectorsAreMetAfterThePrewarm(string name)
    {
        var (graph, x, folder) = Load(name);
        using var model = RnnModel.FromGraph(graph);
        using var session = model.CreateSession();
        var samples = (int)Math.Ceiling(double.Parse(graph.Metadata["sample_rate"]) / 2 / Block) * Block;
        LayerRuns.Run(session, new float[samples]);
        LayerRuns.Near(LayerRuns.ReadNpy(Path.Combine(folder, $"{name}_y_prewarm.npy")), LayerRuns.Run(session, x), Tolerance);
    }

    /// <summary>One layer of one unit, computed here by hand; the first h and c are not zero.</summary>
    [Fact]
    public void WeightsAreReadInTheirOrder()
    {
        const string Weights = "0.1,0.2, 0.3,0.4, 0.5,0.6, 0.7,0.8, 0.01,0.02,0.03,0.04, 0.9, -0.5, 2, 0.25";
        var graph = LayerRuns.ReadJson(File("LSTM", 1, Weights));
        double x = 0.7, h = 0.9, c = -0.5;
        double Sigmoid(double v) => 1 / (1 + Math.Exp(-v));
        c = (Sigmoid((0.3 * x) + (0.4 * h) + 0.02) * c) + (Sigmoid((0.1 * x) + (0.2 * h) + 0.01) * Math.Tanh((0.5 * x) + (0.6 * h) + 0.03));
        h = Sigmoid((0.7 * x) + (0.8 * h) + 0.04) * Math.Tanh(c);
        LayerRuns.Near([(float)((2 * h) + 0.25)], LayerRuns.Run(graph, [0.7f]), 1e-6);
    }

    [Fact]
    public void TheStoredStateComesBackAtAReset()
    {
        using var model = RnnModel.FromGraph(LayerRuns.ReadJson(File("LSTM", 1, "1,1,1,1,1,1,1,1,0,0,0,0,0.5,0.25,1,0")));
        using var session = model.CreateSession();
        var first = LayerRuns.Run(session, [1f]);
        Assert.NotEqual(first, LayerRuns.Run(session, [1f]));
        session.Reset();
        Assert.Equal(first, LayerRuns.Run(session, [1f]));
    }

    [Fact]
    public void LeftOverAndMissingWeightsAreRefused()
    {
        var weights = string.Join(',', Enumerable.Repeat("0", 17));
        LayerRuns.Refused(() => LayerRuns.ReadJson(File("LSTM", 1, weights)), "17 numbers", "16 for 1 layers", "none left over");
        LayerRuns.Refused(() => LayerRuns.ReadJson(File("LSTM", 1, "0")), "1 numbers", "16 for 1 layers");
        LayerRuns.Refused(() => LayerRuns.ReadJson(File("LSTM", int.MaxValue, weights)), "17 numbers", "for 2147483647 layers");
    }

    [Theory]
    [InlineData("WaveNet")]
    [InlineData("ConvNet")]
    [InlineData("Linear")]
    public void OtherArchitecturesAreRefusedByName(string architecture) =>
        LayerRuns.Refused(() => LayerRuns.ReadJson(File(architecture, 1, "0")), architecture, "LSTM");

    [Fact]
    public void UnknownFieldsAreRefused()
    {
        LayerRuns.Refused(
            () => LayerRuns.ReadJson("""{"architecture":"LSTM","config":{"num_layers":1,"input_size":1,"hidden_size":1,"skip":true},"weights":[0]}"""), "config", "'skip'");
        var valid = File("LSTM", 1, string.Join(',', Enumerable.Repeat("0", 16)));
        LayerRuns.Refused(() => LayerRuns.ReadJson(valid.Replace("\"config\"", "\"condition\":{},\"config\"")), "'condition'", "weights");
    }

    private static string File(string architecture, int layers, string weights) =>
        $$$"""{"version":"0.5.4","architecture":"{{{architecture}}}","config":{"input_size":1,"hidden_size":1,"num_layers":{{{layers}}}},"weights":[{{{weights}}}],"sample_rate":48000}""";

    private static (RnnGraph Graph, float[] X, string Folder) Load(string name)
    {
        var folder = SharedModels.Folder("nam");
        var graph = LayerFiles.ReadJson(System.IO.File.ReadAllBytes(Path.Combine(folder, $"{name}.nam")), LayerRuns.Options);
        return (graph, LayerRuns.ReadNpy(Path.Combine(folder, $"{name}_x.npy")), folder);
    }
}
