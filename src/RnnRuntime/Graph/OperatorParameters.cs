namespace RnnRuntime.Graph;

/// <summary>Which functions have alpha and beta. A parameter that a function lacks is 0 in a node and absent in a file.</summary>
internal static class OperatorParameters
{
    /// <summary>0, 1 (alpha) or 2 (alpha and beta).</summary>
    public static int CountOf(UnaryOperator function) => function switch
    {
        UnaryOperator.LeakyRelu or UnaryOperator.Elu or UnaryOperator.ThresholdedRelu => 1,
        UnaryOperator.HardSigmoid or UnaryOperator.ScaledTanh or UnaryOperator.Affine => 2,
        _ => 0,
    };

    /// <summary>Refuses a parameter that the function does not have; null stands for a function of several arguments.</summary>
    public static void Check(string section, string field, UnaryOperator? function, float alpha, float beta)
    {
        var count = function is { } unary ? CountOf(unary) : 0;
        if ((count < 1 && alpha != 0) || (count < 2 && beta != 0))
        {
            throw new RnnFormatException(section, field, $"alpha {alpha} and beta {beta}", count == 0 ? "0, as the function has no parameters" : "a beta of 0, as the function has only alpha");
        }
    }
}
