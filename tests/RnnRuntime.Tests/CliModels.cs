using RnnRuntime.Cli.Npy;

namespace RnnRuntime.Tests;

/// <summary>Small models in files, with weights that are random but the same each time.</summary>
public sealed class CliModels : IDisposable
{
    /// <summary>With characters of one to four bytes in UTF-8.</summary>
    public const string Vocabulary = "\n abcdefghijklmnopqrstuvwxyzé€😀";

    private readonly TemporaryDirectory _directory = new();
    private readonly Random _random = new(11);

    public CliModels()
    {
        Save(LanguageModel(), LanguageModelFile);
        using (var model = RnnModel.FromGraph(TestModels.ToInt8(LanguageModel())))
        {
            model.Save(Int8LanguageModelFile);
        }

        Save(LstmModel(), LstmFile);
        float[] weights = Weights(4 * 3), recurrent = Weights(4 * 4);
        Save(FeedbackModel(weights, recurrent, isState: false), OpenLoopFile);
        Save(FeedbackModel(weights, recurrent, isState: true), ClosedLoopFile);
    }

    public string LanguageModelFile => this["lm.rnn"];

    public string Int8LanguageModelFile => this["lm8.rnn"];

    /// <summary>Input x [3], output y [2], states lstm.h and lstm.c [5].</summary>
    public string LstmFile => this["lstm.rnn"];

    /// <summary>Inputs x [3] and h [4], outputs y [2] and next [4].</summary>
    public string OpenLoopFile => this["open.rnn"];

    /// <summary>The same with h as a state of the graph.</summary>
    public string ClosedLoopFile => this["closed.rnn"];

    public string this[string file] => _directory[file];

    public string WriteRandom(string file, params int[] shape)
    {
        NpyFile.Write(this[file], NpyArray.From(Weights(shape.Aggregate(1, (product, extent) => product * extent)), shape));
        return this[file];
    }

    public float[] ReadFloats(string file, params int[] shape)
    {
        var array = NpyFile.Read(this[file]);
        Assert.Equal(shape, array.Shape);
        return array.ToFloat32(file);
    }

    public void Dispose() => _directory.Dispose();

    private static void Save(RnnGraph graph, string path)
    {
        using var model = RnnModel.FromGraph(graph);
        model.Save(path);
    }

    private RnnGraph LanguageModel()
    {
        var count = Vocabulary.EnumerateRunes().Count();
        var random = new Random(5);
        float[] Draw(int length, float scale) => [.. Enumerable.Range(0, length).Select(_ => ((random.NextSingle() * 2) - 1) * scale)];
        var builder = new RnnGraphBuilder();
        var hidden = builder.Lstm(
            builder.Embedding(builder.InputIndices("token"), count, 8, Draw(count * 8, 1)), 24, Draw(96 * 8, 0.7f), Draw(96 * 24, 0.7f), Draw(96, 0.5f));
        builder.Output("logits", builder.Linear(hidden, count, Draw(count * 24, 2), Draw(count, 0.5f)));
        builder.Metadata("vocabulary", Vocabulary);
        return builder.Build();
    }

    private RnnGraph LstmModel()
    {
        var builder = new RnnGraphBuilder();
        var hidden = builder.Lstm(builder.Input("x", 3), 5, Weights(20 * 3), Weights(20 * 5), Weights(20), "lstm");
        builder.Output("y", builder.Linear(hidden, 2, Weights(10), Weights(2), "head"));
        return builder.Build();
    }

    private static RnnGraph FeedbackModel(float[] weights, float[] recurrent, bool isState)
    {
        var builder = new RnnGraphBuilder();
        var x = builder.Input("x", 3);
        var h = isState ? builder.State("h", 4) : builder.Input("h", 4);
        var next = builder.Tanh(builder.Add(builder.Linear(x, 4, weights), builder.Linear(h, 4, recurrent)));
        if (isState)
        {
            builder.SetNextState(h, next);
        }

        builder.Output("y", builder.Linear(next, 2, recurrent.AsSpan(0, 8)));
        builder.Output("next", next);
        return builder.Build();
    }

    private float[] Weights(int length) => [.. Enumerable.Range(0, length).Select(_ => (_random.NextSingle() * 2) - 1)];
}
