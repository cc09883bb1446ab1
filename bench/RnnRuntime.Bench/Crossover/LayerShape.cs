namespace RnnRuntime.Bench.Crossover;

/// <summary>A layer of some kind from inputs to units.</summary>
internal sealed record LayerShape(string Kind, int Input, int Units)
{
    /// <summary>Positions of the convolution over a whole signal.</summary>
    private const int Positions = 24;

    internal static readonly string[] Kinds = ["lstm", "gru", "rnn", "linear", "conv"];

    internal static IEnumerable<LayerShape> All(string kind)
    {
        int[] units = kind is "lstm" or "gru" ? [8, 12, 16, 20, 24, 32, 40, 48, 64] : [8, 16, 24, 32, 48, 64, 96, 128];
        return units.SelectMany(size => (kind is "lstm" or "gru" or "rnn" ? new[] { 1, size } : [size]).Select(input => new LayerShape(kind, input, size)));
    }

    /// <summary>Weights that a step multiplies.</summary>
    internal int Weights => Kind switch
    {
        "lstm" => 4 * Units * (Input + Units),
        "gru" => 3 * Units * (Input + Units),
        "rnn" => Units * (Input + Units),
        "conv" => Units * Input * 3,
        _ => Units * Input,
    };

    internal RnnGraph ToGraph()
    {
        var random = new Random(20242);
        var builder = new RnnGraphBuilder();
        if (Kind == "conv")
        {
            TensorRef signal = builder.Input("x", Positions + 2, Input);
            builder.Output("y", builder.Convolution(signal, Units, 3, Uniform(Units * 3 * Input), [], new RnnGraphBuilder.SignalWindow(Stride: 1)));
            return builder.Build();
        }

        TensorRef x = builder.Input("x", Input);
        builder.Output("y", Kind switch
        {
            "lstm" => builder.Lstm(x, Units, Uniform(4 * Units * Input), Uniform(4 * Units * Units), Uniform(4 * Units)),
            "gru" => builder.Gru(x, Units, Uniform(3 * Units * Input), Uniform(3 * Units * Units), Uniform(3 * Units), Uniform(3 * Units)),
            "rnn" => builder.Rnn(x, Units, Uniform(Units * Input), Uniform(Units * Units), Uniform(Units)),
            _ => builder.Linear(x, Units, Uniform(Units * Input), Uniform(Units)),
        });
        return builder.Build();

        float[] Uniform(int count) => [.. Enumerable.Range(0, count).Select(_ => ((random.NextSingle() * 2) - 1) / MathF.Sqrt(Units))];
    }

    public override string ToString() => $"{Kind} ({Input},{Units})";
}
