using RnnRuntime.Roofline;

namespace RnnRuntime.Cli.Benching;

/// <summary>What one time step of all streams has to do at least.</summary>
/// <param name="WeightBytes">Bytes of packed weights that are read.</param>
/// <param name="FloatMultiplyAdds">Multiply-adds of weights of 32 and 16 bits.</param>
/// <param name="Int8MultiplyAdds">Those of int8.</param>
internal sealed record BenchWork(long WeightBytes, long FloatMultiplyAdds, long Int8MultiplyAdds)
{
    /// <summary>Steps of the plan that several threads share.</summary>
    public int SharedSteps { get; init; }

    public static BenchWork Of(RnnPlanInfo plan)
    {
        var int8 = plan.Steps.Where(step => step.Kernel.Contains(" int8", StringComparison.Ordinal)).Sum(step => step.MultiplyAdds);
        return new BenchWork(
            plan.Steps.Sum(step => step.WeightBytes), (plan.Steps.Sum(step => step.MultiplyAdds) - int8) * plan.Streams, int8 * plan.Streams)
        {
            SharedSteps = plan.Steps.Count(step => step.Threads > 1),
        };
    }

    /// <summary>
    /// The least time of a step in ns. Of many steps in a call, weights are counted once a call: a product with the inputs of all steps reads
    /// them no more often, and one with the state reads them again at each step, so that the true roof lies higher.
    /// </summary>
    public double RoofNanoseconds(Roof roof, int timeSteps) => Math.Max(
        roof.Nanoseconds(WeightBytes, 0, false, 1.0 / timeSteps),
        (FloatMultiplyAdds / roof.FloatPeak.Best) + (Int8MultiplyAdds / roof.BestInt8Peak));
}
