namespace RnnRuntime.Import.Layers;

/// <summary>What a topology's layers need not say because its <c>style</c> does; without a style every layer says it.</summary>
internal enum TopologyStyle
{
    None,
    PyTorch,
    Keras,
}

/// <summary>Reads the settings that a style has defaults for.</summary>
internal static class TopologyStyles
{
    public static TopologyStyle Parse(string? text, string location) => text switch
    {
        null => TopologyStyle.None,
        "pytorch" => TopologyStyle.PyTorch,
        "keras" => TopologyStyle.Keras,
        _ => throw new RnnImportException(location, JsonText.Quote(text), "pytorch or keras"),
    };

    public static MatrixLayout Layout(JsonFields layer, TopologyStyle style) => Setting(layer, "layout", style, "out_in", "in_out") switch
    {
        "out_in" => MatrixLayout.OutIn,
        "in_out" => MatrixLayout.InOut,
        var text => throw new RnnImportException(layer.LocationOf("layout"), JsonText.Quote(text), "out_in (PyTorch) or in_out (Keras)"),
    };

    public static bool KernelFirst(JsonFields layer, TopologyStyle style) => Setting(layer, "layout", style, "out_in_kernel", "kernel_in_out") switch
    {
        "out_in_kernel" => false,
        "kernel_in_out" => true,
        var text => throw new RnnImportException(layer.LocationOf("layout"), JsonText.Quote(text), "out_in_kernel (PyTorch) or kernel_in_out (Keras)"),
    };

    public static CellFormat Cell(JsonFields layer, CellKind kind, TopologyStyle style)
    {
        var gates = kind == CellKind.Rnn
            ? CellFormat.PyTorchGates(kind)
            : Setting(layer, "gates", style, CellFormat.PyTorchGates(kind), CellFormat.KerasGates(kind));
        var order = CellFormat.ParseGates(kind, gates, layer.LocationOf("gates"));
        var layout = Layout(layer, style);
        var biases = Setting(layer, "biases", style, "two", kind == CellKind.Gru ? "merged" : "one") switch
        {
            "none" => BiasForm.None,
            "one" => BiasForm.One,
            "two" => BiasForm.Two,
            "merged" => BiasForm.Merged,
            var text => throw new RnnImportException(layer.LocationOf("biases"), JsonText.Quote(text), "none, one, two or merged"),
        };
        var resetAfter = kind != CellKind.Gru || (layer.OptionalFlag("reset_after") ?? (style != TopologyStyle.None
            ? true
            : throw new RnnImportException(layer.LocationOf("reset_after"), "nothing", "true (PyTorch, Keras' default) or false, or a style")));
        return new CellFormat(kind, order, layout, biases, resetAfter, kind == CellKind.Rnn ? Nonlinearity(layer) : RnnActivation.Tanh);
    }

    /// <summary>No style has a default for it: files do not tell tanh from relu.</summary>
    private static RnnActivation Nonlinearity(JsonFields layer) => layer.Text("nonlinearity") switch
    {
        "tanh" => RnnActivation.Tanh,
        "relu" => RnnActivation.Relu,
        "linear" => RnnActivation.Identity,
        var text => throw new RnnImportException(layer.LocationOf("nonlinearity"), JsonText.Quote(text), "tanh, relu or linear"),
    };

    private static string Setting(JsonFields layer, string name, TopologyStyle style, string pytorch, string keras) =>
        layer.OptionalText(name) ?? style switch
        {
            TopologyStyle.PyTorch => pytorch,
            TopologyStyle.Keras => keras,
            _ => throw new RnnImportException(layer.LocationOf(name), "nothing", $"{pytorch} (PyTorch), {keras} (Keras) or another, or a style for the whole topology"),
        };
}
